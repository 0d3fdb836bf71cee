import { expect, test } from "vitest";

import type { LineOutput } from "../../src/access-log/line-output.js";
import { LineQueue } from "../../src/access-log/line-queue.js";
import { silentLogger } from "../../src/base/log.js";
import { VirtualClock } from "../support/virtual-clock.js";

/** An output whose writes wait until the test lets them end. */
class HeldOutput implements LineOutput {
  readonly mostBytes: number;
  readonly written: string[] = [];
  reopened = 0;
  closed = 0;
  #ends: (() => void)[] = [];
  #isHeld = false;
  failure: Error | undefined;

  constructor(mostBytes = 64) {
    this.mostBytes = mostBytes;
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const end of this.#ends.splice(0)) end();
  }

  async write(lines: Buffer): Promise<void> {
    if (this.#isHeld) await new Promise<void>((resolve) => this.#ends.push(resolve));
    if (this.failure !== undefined) throw this.failure;
    this.written.push(lines.toString());
  }

  reopen(): void {
    this.reopened += 1;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

interface Set {
  readonly queue: LineQueue;
  readonly output: HeldOutput;
  readonly clock: VirtualClock;
  readonly dropped: Map<string, number>;
  readonly told: string[];
}

function start({ waitingBytes = 1000, mostBytes = 64 } = {}): Set {
  const output = new HeldOutput(mostBytes);
  const clock = new VirtualClock();
  const dropped = new Map<string, number>();
  const told: string[] = [];
  const metrics = {
    count: (_: string, by = 1, labels: Readonly<Record<string, string>> = {}) =>
      void dropped.set(labels["reason"] ?? "", (dropped.get(labels["reason"] ?? "") ?? 0) + by),
    gauge: () => undefined,
    observe: () => undefined,
    merge: () => undefined,
  };
  const logger = { ...silentLogger, warn: (_: unknown, message: string) => void told.push(message) };
  return {
    queue: new LineQueue({ output, waitingBytes, clock, logger, metrics }),
    output,
    clock,
    dropped,
    told,
  };
}

/** Lets all promises settle. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("lines are gathered for a tenth of a second, and written in order", async () => {
  const { queue, output, clock } = start();
  queue.add("one\n");
  queue.add("two\n");
  clock.advance(99);
  await settled();
  expect(output.written).toEqual([]);
  clock.advance(1);
  await settled();
  expect(output.written).toEqual(["one\ntwo\n"]);
});

test("a full write begins at once, and no write has more bytes than allowed", async () => {
  const { queue, output } = start({ mostBytes: 10 });
  for (const line of ["12345\n", "1234567\n", "1\n", "a line that is longer than a write\n"]) queue.add(line);
  await settled();
  queue.add("last\n");
  await settled();
  // The longest line is full, the last one is not.
  expect(output.written).toEqual(["12345\n", "1234567\n1\n", "a line that is longer than a write\n"]);
});

test("lines that come during a write are gathered, too", async () => {
  // Bug: in a hub that is never idle, each write had only the lines of one turn of the event loop.
  const { queue, output, clock } = start();
  queue.add("one\n");
  output.hold();
  clock.advance(100);
  await settled();
  queue.add("two\n");
  output.release();
  await settled();
  queue.add("three\n");
  clock.advance(99);
  await settled();
  expect(output.written).toEqual(["one\n"]);
  clock.advance(1);
  await settled();
  expect(output.written).toEqual(["one\n", "two\nthree\n"]);
});

test("a write that is full when the one before it ends begins at once", async () => {
  const { queue, output, clock } = start({ mostBytes: 10 });
  queue.add("one\n");
  output.hold();
  clock.advance(100);
  await settled();
  for (const line of ["12345\n", "1234567\n", "1\n", "last\n"]) queue.add(line);
  output.release();
  await settled();
  expect(output.written).toEqual(["one\n", "12345\n", "1234567\n1\n"]);
  clock.advance(100);
  await settled();
  expect(output.written.at(-1)).toBe("last\n");
});

test("while the output is slow, lines above the limit are dropped, counted and told", async () => {
  const { queue, output, clock, dropped, told } = start({ waitingBytes: 20 });
  output.hold();
  for (let line = 0; line < 10; line += 1) queue.add("1234\n");
  clock.advance(100);
  await settled();
  for (let line = 0; line < 10; line += 1) queue.add("1234\n");
  expect(dropped).toEqual(new Map([["slow", 16]]));
  expect(told).toEqual(["the access log drops lines: its disk or its reader is too slow"]);
  output.release();
  await settled();
  expect(output.written).toEqual(["1234\n1234\n1234\n1234\n"]);
  queue.add("later\n");
  clock.advance(100);
  await settled();
  expect(output.written.at(-1)).toBe("later\n");
});

test("lines that cannot be written are counted, and later lines are tried", async () => {
  const { queue, output, clock, dropped, told } = start();
  output.failure = new Error("ENOSPC");
  queue.add("one\n");
  queue.add("two\n");
  clock.advance(100);
  await settled();
  expect(dropped).toEqual(new Map([["failed", 2]]));
  expect(told).toEqual(["the access log drops lines: they cannot be written"]);
  output.failure = undefined;
  queue.add("three\n");
  clock.advance(100);
  await settled();
  expect(output.written).toEqual(["three\n"]);
});

test("reopen reopens the output, and writes what waits", async () => {
  const { queue, output } = start();
  queue.add("one\n");
  queue.reopen();
  await settled();
  expect([output.reopened, output.written]).toEqual([1, ["one\n"]]);
});

test("close writes what waits, and ignores later lines", async () => {
  const { queue, output, clock } = start();
  queue.add("one\n");
  await queue.close();
  queue.add("two\n");
  clock.advance(1000);
  await settled();
  expect([output.written, output.closed, clock.timers]).toEqual([["one\n"], 1, 0]);
});

test("close writes what comes during a write, too", async () => {
  const { queue, output, clock } = start();
  output.hold();
  queue.add("one\n");
  clock.advance(100);
  await settled();
  queue.add("two\n");
  const closed = queue.close();
  output.release();
  await closed;
  expect([output.written, output.closed, clock.timers]).toEqual([["one\n", "two\n"], 1, 0]);
});

test("close does not wait for an output that is stuck", async () => {
  const { queue, output, clock } = start();
  output.hold();
  queue.add("one\n");
  const closed = queue.close();
  await settled();
  clock.advance(1000);
  await closed;
  expect(output.written).toEqual([]);
});
