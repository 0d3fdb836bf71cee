import { PermissionViolationError, type NatsConnection } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { Appends } from "../../../src/journal/nats/appends.js";
import { startNatsServer } from "../../support/nats-server.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { natsLog, newStreamName } from "./nats-site.js";

/** An engine whose acknowledgements the test sends, and the records that it has got. */
class AcknowledgingEngine {
  readonly clock = new VirtualClock();
  readonly failures: string[] = [];
  readonly published: { readonly text: string; readonly reply: string }[] = [];
  readonly appends: Appends;
  refusal: Error | undefined;
  #answer: Parameters<NatsConnection["subscribe"]>[1];

  constructor() {
    const connection = {
      subscribe: (_subject: string, options: Parameters<NatsConnection["subscribe"]>[1]) =>
        (this.#answer = options),
      publish: (_subject: string, payload: Buffer, { reply }: { readonly reply: string }) => {
        if (this.refusal !== undefined) throw this.refusal;
        this.published.push({ text: payload.toString(), reply });
      },
    } as unknown as NatsConnection;
    this.appends = new Appends({
      engine: { connection },
      clock: this.clock,
      stream: "records",
      subject: "pharos.journal.records",
      failed: (error, payload) => {
        this.failures.push(`${(error as Error).message}: ${payload.toString()}`);
        this.appends.rejectAll(error);
      },
    });
  }

  /** Adds records, and collects what becomes of them. */
  add(...texts: readonly string[]): string[] {
    const ends: string[] = [];
    for (const text of texts)
      void this.appends.add(Buffer.from(text)).then(
        (sequence) => ends.push(`${text} is ${sequence}`),
        () => ends.push(`${text} failed`),
      );
    return ends;
  }

  /** Sends an acknowledgement of a record; by default that of this stream. */
  async answer(index: number, content: object, headers?: { readonly code: number }): Promise<void> {
    const subject = this.published[index]?.reply ?? "";
    const message = { subject, headers, json: () => ({ stream: "records", ...content }) };
    void this.#answer?.callback?.(null, message as never);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("each record resolves with its number, in order", async () => {
  const engine = new AcknowledgingEngine();
  const ends = engine.add("a", "b", "c");
  const settled = engine.appends.settled();
  for (const index of [0, 1, 2]) await engine.answer(index, { seq: 7 + index });
  await settled;
  expect(ends).toEqual(["a is 7", "b is 8", "c is 9"]);
  expect(engine.published.map(({ text }) => text)).toEqual(["a", "b", "c"]);
  expect(new Set(engine.published.map(({ reply }) => reply)).size).toBe(3);
});

test("a repeated acknowledgement changes nothing", async () => {
  const engine = new AcknowledgingEngine();
  const ends = engine.add("a", "b");
  for (const index of [0, 0, 1, 1]) await engine.answer(index, { seq: 7 + index });
  expect(ends).toEqual(["a is 7", "b is 8"]);
  expect(engine.failures).toEqual([]);
});

test.each([
  { what: "that comes late", answered: [0, 1] },
  { what: "that does not come", answered: [1] },
])("an acknowledgement $what of a rejected record changes nothing for later ones", async ({ answered }) => {
  const engine = new AcknowledgingEngine();
  const rejected = engine.add("a");
  engine.appends.rejectAll(new Error("gone"));
  const ends = engine.add("b");
  for (const index of answered) await engine.answer(index, { seq: 7 + index });
  expect([...rejected, ...ends]).toEqual(["a failed", "b is 8"]);
  expect(engine.failures).toEqual([]);
});

const faults = [
  { what: "is of a later record", index: 1, content: { seq: 8 }, reason: "not acknowledged an earlier" },
  {
    what: "has an error",
    content: { seq: 0, error: { code: 503, description: "maximum" } },
    reason: "maximum",
  },
  { what: "is of another stream", content: { stream: "other", seq: 7 }, reason: "for another stream" },
  { what: "has no number", content: {}, reason: "for another stream" },
  { what: "says that nobody has the record", headers: { code: 503 }, reason: "no server of NATS" },
];

test.each(faults)("an acknowledgement that $what fails all records", async (fault) => {
  const { index = 0, content = {}, headers, reason } = fault;
  const engine = new AcknowledgingEngine();
  const ends = engine.add("a", "b");
  await engine.answer(index, content, headers);
  expect(ends).toEqual(["a failed", "b failed"]);
  expect(engine.failures).toEqual([expect.stringContaining(reason)]);
  expect(engine.failures[0]).toMatch(index === 0 ? /: a$/ : /: b$/);
});

test("without an acknowledgement for five seconds, all records fail", async () => {
  const engine = new AcknowledgingEngine();
  const ends = engine.add("a");
  engine.clock.advance(3000);
  ends.push(...engine.add("b"));
  engine.clock.advance(1999);
  engine.appends.look();
  await engine.answer(0, { seq: 7 });
  engine.clock.advance(3000);
  engine.appends.look();
  expect(engine.failures).toEqual([]);
  engine.clock.advance(1);
  engine.appends.look();
  expect(engine.failures).toEqual(["NATS does not acknowledge records: b"]);
});

test("a record that the connection does not accept fails", async () => {
  const engine = new AcknowledgingEngine();
  engine.refusal = new Error("closed connection");
  await expect(engine.appends.add(Buffer.from("a"))).rejects.toBe(engine.refusal);
  expect(engine.failures).toEqual(["closed connection: a"]);
});

test("credentials that do not allow records fail them at once; other subjects do not matter", () => {
  const engine = new AcknowledgingEngine();
  engine.add("a");
  const denied = (subject: string): void =>
    engine.appends.denied(new PermissionViolationError("denied", "publish", subject));
  denied("pharos.journal.other");
  expect(engine.failures).toEqual([]);
  denied("pharos.journal.records");
  expect(engine.failures).toEqual(["denied: a"]);
});

test("a log whose credentials do not allow records refuses each of them at once, with the reason", async () => {
  const name = newStreamName();
  const deny = `permissions: { publish: { deny: ["pharos.journal.${name}"] } }`;
  const more = `authorization { users: [{ user: hub, password: hub, ${deny} }] }\nno_auth_user: hub`;
  const server = await startNatsServer({ more });
  // No timer of this clock fires.
  const log = natsLog([server.address], { name, clock: new VirtualClock() });
  onTestFinished(() => log.close());
  await log.open();
  await expect(log.append(Buffer.from("x"))).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("Permissions Violation for Publish"),
  });
});
