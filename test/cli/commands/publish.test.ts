import { expect, test } from "vitest";

import { beacon } from "../../../src/cli/commands/beacon.js";
import { runPublish } from "../../../src/cli/commands/publish.js";
import type { CliPublisher } from "../../../src/cli/commands/publisher.js";
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

  async publishAll(source: AsyncIterable<Sent>, { what }: { readonly what: string }): Promise<void> {
    let number = 1;
    for await (const publication of source) {
      await this.publish(publication).catch((error: PharosError) => {
        throw new PharosError(error.code, `${what} ${number}: ${error.message}`);
      });
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
