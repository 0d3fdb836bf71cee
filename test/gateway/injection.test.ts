import { expect, test } from "vitest";
import { createLogger } from "../../src/cli/terminal/log-lines.js";
import { encodeHead } from "../../src/gateway/http/response-head.js";
import type { Answer } from "../../src/gateway/http/messages.js";
import { clientAddress, Networks } from "../../src/gateway/http/client-address.js";
import { RefusalLog } from "../../src/gateway/refusals/refusal-log.js";
import { parseIngestMessage } from "../../src/ingress/zeromq/message.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { mercurePath, publishPath, streamPath } from "../../src/protocol.js";
import { EventStreamParser, type RawEvent } from "../../src/sse/parse.js";
import { KeptOutput } from "../cli/fake-io.js";
import { VirtualClock } from "../support/virtual-clock.js";
import type { gatewayRequest } from "./request.js";
import { SubscribeWorld } from "./subscribe-world.js";

/**
 * Characters that may end a line or change the direction of a line in some program. NEL and terminal controls are
 * included.
 */
const breakers =
  "\r \n \r\n \u0000 \u0085 \u2028 \u2029 \u202E \u2066 \u200B \uFEFF \uD800 \u001B[2J \u009B2J".split(" ");

/** Text that is an event, a field or a header if the character before the text ends the line. */
const payloads = breakers.flatMap((breaker) =>
  ["data: injected", "Injected: yes"].map((line) => `x${breaker}${line}${breaker}${breaker}`),
);

type Request = Parameters<typeof gatewayRequest>[0];
type Headers = Readonly<Record<string, string>>;

const writer: Headers = { authorization: "Bearer current-writer" };
const reader: Headers = { authorization: "Bearer older-all" };
const form = (fields: Headers): string => String(new URLSearchParams({ topic: "a", data: "d", ...fields }));

function post(path: string, type: string, rest: { body: string; headers?: Headers }): Request {
  const headers = { ...writer, "content-type": type, ...rest.headers };
  return { method: "POST", path, body: rest.body, headers };
}

const formType = "application/x-www-form-urlencoded";
const publishForm = (fields: Headers) => post(mercurePath, formType, { body: form(fields) });
const publishData = (body: string, headers: Headers = {}) =>
  post(`${publishPath}/a`, "text/plain", { body, headers });
const publishLine = (fields: Headers) =>
  post(publishPath, "application/x-ndjson", {
    body: JSON.stringify({ topic: "a", data: "d", ...fields }),
  });
const subscribe = (name: string, text: string, path = mercurePath): Request => ({
  path,
  query: String(new URLSearchParams({ ...(name.startsWith("match") ? {} : { topic: "a" }), [name]: text })),
});

/** All request fields that reach a stream, a response head or the log. */
const fields: Readonly<Record<string, (text: string) => Request>> = {
  "form: topic": (topic) => publishForm({ topic }),
  "form: data": (data) => publishForm({ data }),
  "form: id": (id) => publishForm({ id }),
  "form: type": (type) => publishForm({ type }),
  "form: retry": (retry) => publishForm({ retry }),
  "form: an unknown field": (text) => publishForm({ [text]: text }),
  "form: not encoded": (text) => post(mercurePath, formType, { body: `topic=a&data=${text}` }),
  "raw: data": (data) => publishData(data),
  "raw: JSON": (text) => post(`${publishPath}/a`, "application/json", { body: JSON.stringify({ text }) }),
  "raw: no JSON": (text) => post(`${publishPath}/a`, "application/json", { body: `{"text":"${text}"}` }),
  "raw: topic": (topic) =>
    post(`${publishPath}/${encodeURIComponent(topic.toWellFormed())}`, "text/plain", { body: "d" }),
  "raw: topic, not encoded": (topic) => post(`${publishPath}/${topic}`, "text/plain", { body: "d" }),
  "raw: Event-ID": (id) => publishData("d", { "event-id": id }),
  "raw: Event-Type": (type) => publishData("d", { "event-type": type }),
  "raw: Event-Retry": (retry) => publishData("d", { "event-retry": retry }),
  "raw: Retain": (retain) => publishData("d", { retain }),
  "raw: Private": (hidden) => publishData("d", { private: hidden }),
  "raw: Content-Type": (type) => post(`${publishPath}/a`, type, { body: "d" }),
  "raw: Idempotency-Key": (key) => publishData("d", { "idempotency-key": key }),
  "lines: topic": (topic) => publishLine({ topic }),
  "lines: data": (data) => publishLine({ data }),
  "lines: id": (id) => publishLine({ id }),
  "lines: type": (type) => publishLine({ type }),
  "lines: an unknown field": (name) => publishLine({ [name]: "x" }),
  "lines: not JSON": (text) => post(publishPath, "application/x-ndjson", { body: text }),
  "query: topic at /esupdates": (text) => subscribe("topic", text, streamPath),
  "query: topic": (text) => subscribe("topic", text),
  "query: match": (text) => subscribe("match", text),
  "query: match_mqtt": (text) => subscribe("match_mqtt", text),
  "query: match_urlpattern": (text) => subscribe("match_urlpattern", text),
  "query: a matcher's name": (text) => subscribe(`match${text}`, "a"),
  "query: last_event_id": (text) => subscribe("last_event_id", text),
  "query: lastEventID": (text) => subscribe("lastEventID", text),
  "query: authorization": (text) => subscribe("authorization", text),
  "query: not encoded": (text) => ({ path: streamPath, query: `topic=${text}` }),
  "Last-Event-ID": (id) => ({ ...subscribe("topic", "a"), headers: { "last-event-id": id } }),
  Authorization: (text) => ({ ...subscribe("topic", "a"), headers: { authorization: `Bearer ${text}` } }),
  Cookie: (text) => ({ ...subscribe("topic", "a"), headers: { cookie: `mercureAuthorization=${text}` } }),
  "Origin of a stream": (origin) => ({ ...subscribe("topic", "a"), headers: { origin } }),
  "Origin of a cookie": (origin) => ({
    ...publishForm({}),
    headers: { "content-type": formType, cookie: "mercureAuthorization=current-writer", origin },
  }),
  "Origin of a preflight": (origin) => ({
    method: "OPTIONS",
    path: streamPath,
    headers: { origin, "access-control-request-headers": origin },
  }),
  "X-Forwarded-For": (text) => ({ path: "/missing", headers: { "x-forwarded-for": text } }),
  method: (method) => ({ method, path: streamPath }),
  path: (text) => ({ path: `/missing/${text}` }),
  "path of a resource": (text) => ({ method: text, path: `${publishPath}/${text}` }),
  "Content-Type of a QUERY": (type) => ({
    method: "QUERY",
    path: mercurePath,
    body: "topic=a",
    headers: { "content-type": type },
  }),
};

/** A hub with a log in a terminal and in a file. */
function hub() {
  const outputs = { terminal: new KeptOutput(true), file: new KeptOutput(false) };
  const loggers = [outputs.terminal, outputs.file].map((output) => createLogger("debug", output));
  const [terminal, file] = loggers;
  const proxies = new Networks(["127.0.0.1"]);
  const both = (level: "info" | "debug" | "warn" | "error") => (given: object, message: string) => {
    for (const logger of [terminal, file]) logger?.[level]({ ...given }, message);
  };
  const refusals = new RefusalLog({
    logger: { info: both("info"), debug: both("debug"), warn: both("warn"), error: both("error") },
    metrics: silentMetrics,
    clock: new VirtualClock(),
    clients: {
      clientOf: (request) => {
        const forwardedFor = request.header("x-forwarded-for");
        return clientAddress({ peer: request.peer, forwardedFor }, proxies);
      },
    },
  });
  return { world: new SubscribeWorld(refusals), outputs };
}

type Outputs = ReturnType<typeof hub>["outputs"];

/** Each error response has one log line, without invisible characters. */
function expectCleanLog({ terminal, file }: Outputs, refusals: number): void {
  // eslint-disable-next-line no-control-regex -- removes the colour codes of the log itself
  const shown = terminal.text.replaceAll(/\u001B\[\d+m/g, "");
  for (const text of [shown, file.text]) {
    const lines = text.split("\n");
    expect(lines).toHaveLength(refusals + 1);
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  for (const line of file.text.split("\n").slice(0, -1)) expect(JSON.parse(line)).toHaveProperty("request");
}

/** The response head has only the hub's own lines. */
function expectCleanHead(answer: Answer): void {
  const head = encodeHead(answer.kind === "reply" ? answer.status : 200, answer.headers).toString("latin1");
  const [status, ...lines] = head.slice(0, -4).split("\r\n");
  expect(status).toMatch(/^HTTP\/1\.1 \d{3} [A-Za-z ]+$/);
  expect(lines).toHaveLength(answer.headers.length);
  for (const line of lines) expect(line).toMatch(/^(?!Injected)[A-Za-z-]+: [\t\u0020-\u007E\u0080-\u00FF]*$/);
}

function eventsOf(stream: Buffer | undefined): readonly RawEvent[] {
  const bytes = stream ?? Buffer.from("\r\n\r\n");
  const events: RawEvent[] = [];
  const parser = new EventStreamParser({ onEvent: (event) => void events.push(event) });
  parser.push(bytes.subarray(bytes.indexOf("\r\n\r\n") + 4).toString());
  return events;
}

/** Apart from positions, a stream has each publication once, and nothing else. */
function expectCleanStream(stream: Buffer | undefined, published: number): void {
  const events = eventsOf(stream).filter(({ data }) => data !== undefined);
  expect(events.filter(({ type }) => type !== "pharos-gap")).toHaveLength(published);
  for (const { data, id, type } of events) {
    expect(data).not.toBe("injected");
    expect([id, type]).not.toContain("injected");
  }
}

test.each(Object.entries(fields))("nothing is injected by way of the field %s", async (_name, requestOf) => {
  for (const text of payloads) {
    const { world, outputs } = hub();
    // A subscriber of all topics gets the result of the request.
    const watched = await world.ask(
      { path: streamPath, query: "topic=%23", headers: reader },
      () => undefined,
    );
    expect(watched.stream).toBeDefined();
    const { answer, stream } = await world.ask(requestOf(text), () => undefined);
    expectCleanHead(answer);
    expectCleanStream(stream, 0);
    const isRefused = answer.kind === "reply" && answer.status >= 400;
    expectCleanLog(outputs, isRefused ? 1 : 0);
    const replay = { path: streamPath, query: "topic=%23&last_event_id=earliest", headers: reader };
    expectCleanStream((await world.ask(replay, () => undefined)).stream, world.published);
  }
});

const zmqFields: Readonly<Record<string, (text: string) => readonly string[]>> = {
  topic: (text) => [text, "d"],
  data: (text) => ["a", text],
  id: (id) => ["a", "d", JSON.stringify({ id })],
  type: (type) => ["a", "d", JSON.stringify({ type })],
};

test.each(Object.entries(zmqFields))(
  "nothing is injected by way of the %s of a ZeroMQ message",
  async (_name, framesOf) => {
    for (const text of payloads) {
      const { world } = hub();
      const frames = framesOf(text).map((frame) => Buffer.from(frame));
      const publications = (() => {
        try {
          return parseIngestMessage(frames);
        } catch {
          return [];
        }
      })();
      for (const { topics, data, ...more } of publications) world.publish(topics, data, more);
      expect(world.published).toBe(publications.length);
      const replay = { path: streamPath, query: "topic=%23&last_event_id=earliest", headers: reader };
      expectCleanStream((await world.ask(replay, () => undefined)).stream, publications.length);
    }
  },
);
