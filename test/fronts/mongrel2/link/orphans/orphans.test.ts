import { describe, expect, it } from "vitest";
import { isSameRun, Orphans } from "../../../../../src/fronts/mongrel2/link/orphans/orphans.js";
import { OpenRecord } from "../../../../../src/fronts/mongrel2/link/orphans/record.js";
import type { StatusRow } from "../../../../../src/fronts/mongrel2/wire/control.js";
import { VirtualClock } from "../../../../support/virtual-clock.js";

interface Past {
  readonly mark?: string;
  readonly ids: readonly number[];
  /** The time since the server's last message, in milliseconds. */
  readonly silentMs: number;
}

/**
 * Orphans of one earlier stay (the time of one connection of the link), and a server that lists `rows`. If `rows` is
 * `undefined`, the server's control port does not answer.
 */
class Bench {
  readonly clock = new VirtualClock();
  readonly record = new OpenRecord({
    maxIds: 1000,
    failed: () => undefined,
    recovered: () => undefined,
    clock: this.clock,
  });
  readonly closed: number[] = [];
  readonly log: string[] = [];
  rows: readonly StatusRow[] | undefined = [];
  readonly orphans: Orphans;

  constructor(past: Past, options: { readonly control: boolean } = { control: true }) {
    this.record.begin(past.mark ?? "");
    for (const id of past.ids) this.record.add(id);
    this.record.heard(this.clock.now() - past.silentMs);
    this.record.begin("");
    this.orphans = new Orphans({
      clock: this.clock,
      record: this.record,
      query: options.control ? () => this.#query() : undefined,
      close: (ids) => this.closed.push(...ids),
      freed: (connections) => this.log.push(`freed ${connections}`),
      givenUp: (connections) => this.log.push(`given up ${connections}`),
      pursueMs: 180_000,
    });
  }

  /** Advances the clock second by second, so that the answer to each query arrives before the next query. */
  async advance(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      await settled();
      this.clock.advance(1000);
    }
    await settled();
  }

  #query(): Promise<readonly StatusRow[]> {
    return this.rows === undefined ? Promise.reject(new Error("no answer")) : Promise.resolve(this.rows);
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

function row(id: number, ages: Partial<StatusRow> = {}): StatusRow {
  return { id, fd: 20, lastPing: 0, lastRead: 0, lastWrite: 0, bytesRead: 44, bytesWritten: 0, ...ages };
}

describe("the proof that a server was not restarted", () => {
  it.each([
    ["an age beyond the silence and a second", [row(1, { lastRead: 12 })], 10_000, true],
    ["of a ping", [row(1, { lastPing: 12 })], 10_000, true],
    ["of a write", [row(1, { lastWrite: 12 })], 10_000, true],
    ["of any connection, not only ours", [row(1), row(-1, { lastPing: 40 })], 10_000, true],
    ["none by an age that a new run could show", [row(1, { lastRead: 11 })], 10_000, false],
    ["none by a table of new connections", [row(1), row(2, { lastRead: 9 })], 10_000, false],
    ["none by an empty table", [], 10_000, false],
    ["none when the clock was set back", [row(1, { lastRead: 1000 })], -5, false],
  ])("%s", (...[, rows, silentMs, proof]) => {
    expect(isSameRun(rows, silentMs)).toBe(proof);
  });

  it("is never given by a run that began after the silence did, whenever its clock ticks", () => {
    // All times here are tenths of a second. The server updates its clock every 10 s, to the whole second.
    for (let startedAfter = 1; startedAfter < 250; startedAfter += 7) {
      for (let connectedAfter = startedAfter; connectedAfter < 300; connectedAfter += 11) {
        for (let askedAt = connectedAfter; askedAt < 500; askedAt += 13) {
          const clock = (at: number): number => {
            const ticks = Math.floor((at - startedAfter) / 100);
            return Math.floor((startedAfter + ticks * 100) / 10);
          };
          const age = clock(askedAt) - clock(connectedAfter);
          expect(isSameRun([row(1, { lastRead: age })], askedAt * 100)).toBe(false);
        }
      }
    }
  });
});

describe("orphans", () => {
  it("are closed at once on an old connection's word, and asked for until they are gone", async () => {
    const bench = new Bench({ ids: [3, 4, 5], silentMs: 5_000 });
    bench.rows = [row(3, { lastRead: 60 }), row(5), row(900, { lastPing: 3 })];
    bench.orphans.begin("");
    await settled();
    expect(bench.closed).toEqual([3, 5]);
    bench.rows = [row(5), row(900)];
    await bench.advance(1);
    expect(bench.closed).toEqual([3, 5, 5]);
    bench.rows = [row(900)];
    await bench.advance(1);
    expect(bench.log).toEqual(["freed 2"]);
    expect(bench.record.past).toEqual([]);
    expect(bench.clock.timers).toBe(0);
  });

  it("that were open for 2 s only are closed after the server's next tick", async () => {
    const bench = new Bench({ ids: [1], silentMs: 1_000 });
    bench.rows = [row(1)];
    bench.orphans.begin("");
    await bench.advance(7);
    expect(bench.closed).toEqual([]);
    bench.rows = [row(1, { lastPing: 11, lastRead: 11 })];
    await bench.advance(1);
    expect(bench.closed).toEqual([1]);
  });

  it("are never closed in a new run, whose clients have their numbers, and are given up", async () => {
    const bench = new Bench({ ids: [1, 2], silentMs: 3_000 });
    bench.rows = [row(1), row(2)];
    bench.orphans.begin("");
    for (let second = 0; second < 200; second++) {
      const age = Math.floor(second / 10) * 10;
      bench.rows = [row(1, { lastPing: age, lastRead: age }), row(2)];
      await bench.advance(1);
    }
    expect(bench.closed).toEqual([]);
    expect(bench.log).toEqual(["given up 2"]);
    expect(bench.record.past).toEqual([]);
  });

  it("are closed by the mark of the run alone, also without a control port", async () => {
    const bench = new Bench({ ids: [1, 2], mark: "8:1:99", silentMs: 0 }, { control: false });
    bench.orphans.begin("8:1:99");
    await settled();
    expect(bench.closed).toEqual([1, 2]);
    expect(bench.log).toEqual(["freed 2"]);
  });

  it("are given up at once where there is neither mark nor control port", () => {
    const bench = new Bench({ ids: [1, 2], silentMs: 0 }, { control: false });
    bench.orphans.begin("8:1:99");
    expect(bench.closed).toEqual([]);
    expect(bench.log).toEqual(["given up 2"]);
  });

  it("are pursued while the control port does not answer yet", async () => {
    const bench = new Bench({ ids: [1], silentMs: 1_000 });
    bench.rows = undefined;
    bench.orphans.begin("");
    await bench.advance(30);
    bench.rows = [row(1, { lastRead: 120 })];
    await bench.advance(1);
    expect(bench.closed).toEqual([1]);
  });

  it("are spared when a new request comes under their id", async () => {
    const bench = new Bench({ ids: [1, 2], silentMs: 1_000 });
    bench.orphans.seen(2);
    bench.rows = [row(1, { lastRead: 120 }), row(2, { lastRead: 120 })];
    bench.orphans.begin("");
    await settled();
    expect(bench.closed).toEqual([1]);
  });

  it("are left alone by an answer that comes after the link went down again", async () => {
    const bench = new Bench({ ids: [1], silentMs: 1_000 });
    bench.rows = [row(1, { lastRead: 120 })];
    bench.orphans.begin("");
    bench.orphans.stop();
    await bench.advance(5);
    expect(bench.closed).toEqual([]);
  });
});
