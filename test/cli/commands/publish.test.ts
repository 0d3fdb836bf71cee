import { expect, test } from "vitest";

import { beacon } from "../../../src/cli/commands/publish/beacon.js";
import { runPublish } from "../../../src/cli/commands/publish/publish.js";
import type { CliPublisher } from "../../../src/cli/commands/publish/publisher.js";
import { PharosError } from "../../../src/base/errors.js";
import { Changes } from "../../support/wait-for.js";
import { FakeIo } from "../fake-io.js";

type Sent = Parameters<CliPublisher["publish"]>[0];

/** Records all publications. `refusal` may return an error for a publication. */
class KeptPublisher implements CliPublisher {
  readonly sent: Sent[] = [];
  readonly changes = new Changes();
  readonly #refusal: (publication: Sent) => PharosError | undefined;

  constructor(refusal: (publication: Sent) => PharosError | undefined = () => undefined) {
    this.#refusal = refusal;
  }

  async publish(publication: Sent): Promise<void> {
    const refusal = this.#refusal(publication);
    this.sent.push(publication);
    this.changes.changed();
    if (refusal !== undefined) throw refusal;
  }

  async publishAll(
    source: AsyncIterable<Sent>,
    { what, onPublished }: Parameters<CliPublisher["publishAll"]>[1],
  ): Promise<void> {
    let number = 1;
    for await (const publication of source) {
      await this.publish(publication).catch((error: PharosError) => {
        throw new PharosError(error.code, `${what} ${number}: ${error.message}`);
      });
      onPublished?.(number);
      number += 1;
    }
  }

  async close(): Promise<void> {}
}

test("--data publishes once, with the given options", async () => {
  const publisher = new KeptPublisher();
  expect(
    await runPublish({ topic: "news", type: "flash", id: "7", data: "hi" }, publisher, new FakeIo()),
  ).toBe(0);
  expect(publisher.sent).toEqual([{ topic: "news", type: "flash", id: "7", data: "hi" }]);
});

test("data is sealed before it is published, from --data or from each line", async () => {
  const seal = (data: string): Promise<string> => Promise.resolve(`sealed ${data}`);
  const publisher = new KeptPublisher();
  await runPublish({ data: "hi", seal }, publisher, new FakeIo());
  await runPublish({ seal }, publisher, new FakeIo({ stdin: "a\nb\n" }));
  expect(publisher.sent.map(({ data }) => data)).toEqual(["sealed hi", "sealed a", "sealed b"]);
});

test("without a topic, none is sent, and the hub uses broadcast", async () => {
  const publisher = new KeptPublisher();
  await runPublish({ data: "hi" }, publisher, new FakeIo());
  expect(publisher.sent).toEqual([{ data: "hi" }]);
});

test("without --data each line of standard input is a publication", async () => {
  const publisher = new KeptPublisher();
  await runPublish({ topic: "t" }, publisher, new FakeIo({ stdin: "one\ntwo\r\nthree" }));
  expect(publisher.sent.map(({ data }) => data)).toEqual(["one", "two", "three"]);
});

test("--json publishes objects with the fields of POST /publish, and the options are their defaults", async () => {
  const publisher = new KeptPublisher();
  const lines = [
    '{"topic":"a","data":{"n": 1.0},"type":"kind","ttl":60,"retain":true}',
    " ",
    '{"data":"text","retry":500}',
    '{"topic":["b","c"],"data":"","private":false}',
  ];
  const io = new FakeIo({ stdin: lines.join("\n") });
  await runPublish({ json: true, topic: "usual", private: true }, publisher, io);
  expect(publisher.sent).toEqual([
    { topic: "a", data: '{"n":1.0}', type: "kind", ttl: 60, retain: true, private: true },
    { topic: "usual", data: "text", retry: 500, private: true },
    { topic: ["b", "c"], data: "", private: false },
  ]);
  expect(io.stderr.text).toBe("3 lines published.\n");
});

test.each([
  ["x", /^the text is not JSON$/],
  ["[]", /must be an object, not a list$/],
  ['{"topics":"a","data":1}', /^"topics" is unknown; allowed are topic, data, /],
  ['{"topic":"a"}', /^data is missing/],
])("--json refuses %s", async (data, message) => {
  await expect(runPublish({ json: true, data }, new KeptPublisher(), new FakeIo())).rejects.toMatchObject({
    code: "bad-publication",
    message: expect.stringMatching(message),
  });
});

test("the number of lines is told at the end, also after a failure and after Ctrl-C, but not with --quiet", async () => {
  const refusal = new PharosError("too-large", "data is larger than 3 bytes");
  const failing = new KeptPublisher(({ data }) => (data === "long" ? refusal : undefined));
  const failed = new FakeIo({ stdin: "one\nlong\n" });
  await expect(runPublish({}, failing, failed)).rejects.toThrow(refusal.message);
  expect(failed.stderr.text).toBe("1 line published.\n");
  const open = new FakeIo();
  const publisher = new KeptPublisher();
  const running = runPublish({}, publisher, open);
  open.stdin.push("one\ntwo\n");
  await publisher.changes.until(() => publisher.sent.length === 2, {
    within: 20_000,
    missing: "the second line",
  });
  open.interrupt();
  await open.stderr.matches(/^2 lines published\.\n$/);
  open.stdin.push(null);
  await running;
  expect(open.stderr.text).toBe("2 lines published.\n");
  const quiet = new FakeIo({ stdin: "one\n" });
  await runPublish({ quiet: true }, new KeptPublisher(), quiet);
  expect(quiet.stderr.text).toBe("");
});

test("at a terminal, the number of lines is shown while the command runs", async () => {
  const io = new FakeIo({ stdin: "one\ntwo\n", terminal: true });
  await runPublish({}, new KeptPublisher(), io);
  // The first line is shown at once; each later update begins at the start of the line.
  const shown = io.stderr.text.split("\r\u001B[K");
  expect([shown[1], shown.at(-1)]).toEqual(["1 line published.", "2 lines published.\n"]);
});

test("a refused line is named, and no later line is sent", async () => {
  const refusal = new PharosError("too-large", "data is larger than 3 bytes");
  const publisher = new KeptPublisher(({ data }) => (data === "long" ? refusal : undefined));
  const io = new FakeIo({ stdin: "one\nlong\nsix\n" });
  await expect(runPublish({}, publisher, io)).rejects.toMatchObject({
    code: "too-large",
    message: "line 2: data is larger than 3 bytes",
  });
  expect(publisher.sent.map(({ data }) => data)).toEqual(["one", "long"]);
});

test("the beacon publishes the time with unique ids, until interrupted", async () => {
  const publisher = new KeptPublisher();
  const io = new FakeIo();
  const running = beacon({ topic: "t", everySeconds: 0.01 }, publisher, io);
  await publisher.changes.until(() => publisher.sent.length >= 3, {
    within: 20_000,
    missing: "the third beacon",
  });
  io.interrupt();
  expect(await running).toBe(0);
  for (const { id, data } of publisher.sent) {
    expect(data).toBe(`Timestamp ${new Date(Number(id)).toISOString()}`);
  }
  expect(io.stderr.text).toBe("");
});

test("the beacon continues while no hub accepts it, and reports that once", async () => {
  const publisher = new KeptPublisher(() => new PharosError("not-taken", "no hub took it"));
  const io = new FakeIo();
  const running = beacon({ topic: "t", everySeconds: 0.01 }, publisher, io);
  await publisher.changes.until(() => publisher.sent.length >= 3, {
    within: 20_000,
    missing: "the third beacon",
  });
  io.interrupt();
  expect(await running).toBe(0);
  expect(io.stderr.text).toBe("No hub accepts the beacon; still trying.\n");
});

test("a beacon that is refused ends", async () => {
  const publisher = new KeptPublisher(() => new PharosError("bad-topic", "the topic * is reserved"));
  await expect(beacon({ topic: "*", everySeconds: 1 }, publisher, new FakeIo())).rejects.toMatchObject({
    code: "bad-topic",
  });
});
