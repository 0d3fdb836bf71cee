import type { StreamInfo } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import type { Engine } from "../../../src/journal/nats/engine/engine.js";
import { streamNames } from "../../../src/journal/nats/engine/stream-names.js";
import { StreamFollower } from "../../../src/journal/nats/stream-follower.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** A follower of a stream with five records, and the switches of its engine. */
class FollowedStream {
  /** The newest record that the leader knows. */
  newest = 5;
  /** True while no server leads the stream, so that no answer comes. */
  isSilent = false;
  readonly taken: number[] = [];
  readonly restarts: string[] = [];
  readonly #clock = new VirtualClock();
  readonly #engine = { isConnected: true };
  readonly follower: StreamFollower;

  constructor() {
    const getMessage = (_stream: string, { seq }: { readonly seq: number }) =>
      Promise.resolve(seq > this.newest ? null : { seq, data: Buffer.from(`record ${seq}`) });
    const connection = { subscribe: () => ({ unsubscribe: () => undefined }), isClosed: () => false };
    const engine = Object.assign(this.#engine, { connection, manager: { streams: { getMessage } } });
    this.follower = new StreamFollower(
      {
        engine: engine as unknown as Engine,
        names: streamNames("records"),
        clock: this.#clock,
        ask: (signal) => this.#answer(signal),
        after: 0,
      },
      {
        take: ({ sequence }) => void this.taken.push(sequence),
        lost: () => undefined,
        failed: () => undefined,
        interrupted: () => undefined,
        restarted: (reason) => void this.restarts.push(reason),
      },
    );
    this.follower.start();
  }

  /** Ends the delivery, as the loss of a server does. */
  reconnect(): void {
    for (const isConnected of [false, true]) {
      this.#engine.isConnected = isConnected;
      this.follower.connectionChanged();
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      this.#clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #answer(signal: AbortSignal): Promise<StreamInfo> {
    if (this.isSilent)
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    return Promise.resolve({ state: { first_seq: 1, last_seq: this.newest } } as StreamInfo);
  }
}

async function withoutNewest(): Promise<FollowedStream> {
  const stream = new FollowedStream();
  await stream.pass(300);
  expect(stream.taken).toEqual([1, 2, 3, 4, 5]);
  stream.newest = 4;
  stream.reconnect();
  await stream.pass(500);
  expect(stream.restarts).toEqual([]);
  return stream;
}

test("a stream that shows a loss for two seconds ends the follower", async () => {
  const stream = await withoutNewest();
  await stream.pass(2500);
  expect(stream.restarts).toEqual(["the newest record of the stream is 4, before 5"]);
});

// The doubt began with the first leader. So the second one had no time for its newest records.
test("after a time without a leader, the next leader has two seconds again", async () => {
  const stream = await withoutNewest();
  stream.isSilent = true;
  stream.reconnect();
  await stream.pass(5000);
  stream.isSilent = false;
  stream.reconnect();
  await stream.pass(500);
  expect(stream.follower.isLive).toBe(false);
  stream.newest = 5;
  await stream.pass(500);
  expect(stream.follower.isLive).toBe(true);
  expect(stream.restarts).toEqual([]);
  stream.follower.close();
});
