import { expect, it, onTestFinished } from "vitest";

import { PharosError } from "../../src/base/errors.js";
import { HttpPublisher } from "../../src/publisher/http-publisher.js";
import { PushPublisher } from "../../src/publisher/push-publisher.js";

const url = "http://127.0.0.1:1/";
const call = (method: object, ...args: readonly unknown[]): unknown =>
  Reflect.apply(Object(method), undefined, args);
const makeHttp = (...args: readonly unknown[]): unknown => Reflect.construct(HttpPublisher, args);

it.each([
  [[undefined], /is not the URL of a hub/],
  [[url, null], /options must be an object with token, timeoutMs, not null/],
  [[url, { tokens: "a" }], /options: there is no field "tokens"; did you mean "token"\?/],
  [[url, { timeoutMs: "5" }], /timeoutMs must be a whole number from 1 to 2147483647, not "5"/],
  [[url, { token: null }], /a token must be a text without spaces/],
  [[url, { token: 5 }], /a token must be a text without spaces/],
  // Bug: each publication failed with the RangeError of a timer.
  [[url, { timeoutMs: 0.5 }], /timeoutMs must be a whole number from 1 to 2147483647, not 0.5/],
  [[url, { timeoutMs: Infinity }], /timeoutMs must be a whole number from 1 to 2147483647, not Infinity/],
])("HttpPublisher refuses %j with a sentence", (args, message) => {
  expect(() => makeHttp(...args)).toThrowError(message);
});

// Bug: a publication with `topics` was published at the topic `broadcast`.
it.each([
  ["hello", /a publication must be an object with topic, data, .*, not "hello"/],
  [undefined, /a publication must be an object/],
  [{ topics: ["a"], data: "x" }, /a publication: there is no field "topics"; did you mean "topic"\?/],
  [{ topic: 5 }, /topic of a publication must be a text or a list of texts, not 5/],
  [{ topic: "a", id: 5 }, /id of a publication must be a text, not 5/],
  [
    { topic: "a", data: () => 1 },
    /data of a publication must be a text, bytes, or a value that JSON can express, not a function/,
  ],
  [{ topic: "a", data: Buffer.from([0xff]) }, /data/],
  [{ topic: "a", retain: "yes" }, /retain of a publication must be true or false, not "yes"/],
])("publishers refuse the publication %j with a sentence", async (publication, message) => {
  const http = new HttpPublisher(url);
  const push = await PushPublisher.open("@ipc://check-arguments-test", { lingerMs: 0, timeoutMs: 100 });
  onTestFinished(() => push.close());
  for (const publisher of [http, push]) {
    const publish = call(publisher.publish.bind(publisher), publication);
    await expect(publish).rejects.toThrowError(message);
  }
});

it.each([
  [{ timeout: 5 }, /options: there is no field "timeout"; allowed are timeoutMs, lingerMs/],
  [{ timeoutMs: 2 ** 31 }, /timeoutMs must be a whole number from 1 to 2147483647, not 2147483648/],
  [{ lingerMs: -1 }, /lingerMs must be a whole number from 0 to 2147483647, not -1/],
  [{ queuedMessages: 0 }, /queuedMessages must be a whole number from 1 to 2147483647, not 0/],
])("PushPublisher refuses the options %j with a sentence", async (options, message) => {
  const opened = call(PushPublisher.open.bind(PushPublisher), "@ipc://x", options);
  await expect(opened).rejects.toThrowError(message);
});

const publication = { topic: "a", data: "b" };

// Bug: a misspelt key was ignored, so that a repeated request was published twice.
it.each([
  ["publish", [publication, null], /options must be an object with idempotencyKey, not null/],
  ["publish", [publication, { idempotency: "k" }], /options: there is no field "idempotency"; allowed are/],
  [
    "publish",
    [publication, { idempotencykey: "k" }],
    /no field "idempotencykey"; did you mean "idempotencyKey"/,
  ],
  [
    "publish",
    [publication, { idempotencyKey: 5 }],
    /idempotencyKey must be a text without control .*, not 5/,
  ],
  ["publish", [publication, { idempotencyKey: "a\nb" }], /idempotencyKey must be a text .*, not "a\\nb"/],
  ["publishBatch", [[publication], { url: "http://b" }], /options: there is no field "url"/],
  ["publishBatch", [], /publishBatch needs a list of publications, not a missing value/],
  ["publishBatch", [publication], /publishBatch needs a list of publications, not an object/],
  ["publishBatch", [[5]], /a publication must be an object with topic, .*, not 5/],
  ["publishAll", [], /publishAll needs a list or another series of publications, not a missing value/],
  ["publishAll", [publication], /publishAll needs a list or another series of publications, not an object/],
  ["publishAll", [[undefined]], /publication 1: a publication must be an object/],
  ["publishAll", [[publication], null], /options must be an object with what, onPublished, not null/],
] as const)("HttpPublisher.%s refuses %j with a sentence", async (method, args, message) => {
  const http = new HttpPublisher(url);
  await expect(Reflect.apply(http[method], http, args)).rejects.toThrowError(message);
  await expect(Reflect.apply(http[method], http, args)).rejects.toBeInstanceOf(PharosError);
});

it.each([
  [[], /publishAll needs a list or another series of publications, not a missing value/],
  [[[publication], null], /options must be an object with what, onPublished, not null/],
])("PushPublisher.publishAll refuses %j with a sentence", async (args, message) => {
  const push = await PushPublisher.open("@ipc://check-arguments-test", { lingerMs: 0, timeoutMs: 100 });
  onTestFinished(() => push.close());
  await expect(Reflect.apply(push.publishAll.bind(push), undefined, args)).rejects.toThrowError(message);
});
