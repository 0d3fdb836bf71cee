import { once } from "node:events";
import { createServer, connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Clock } from "../../../src/clock.js";
import { Connection, type Rounds } from "../../../src/fanout/connection.js";
import { StreamChannel, type StreamSocket } from "../../../src/fronts/http/stream-channel.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** Every look at this clock takes a millisecond; turns end when the test says so. */
class BusyClock extends VirtualClock implements Clock {
  readonly #turns: (() => void)[] = [];
  #looks = 0;

  override monotonic(): number {
    this.#looks += 1;
    return this.#looks;
  }

  override endOfTurn(action: () => void): void {
    this.#turns.push(action);
  }

  /** Runs one turn; false when none was asked for. */
  turn(): boolean {
    const actions = this.#turns.splice(0);
    for (const action of actions) action();
    return actions.length > 0;
  }
}

async function openSockets(count: number): Promise<readonly Socket[]> {
  const server = createServer((socket) => socket.resume());
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1"));
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return sockets;
}

/** Members of rounds that are not under test: the channel never looks at them. */
function connectionsOf(sockets: readonly Socket[]): readonly Connection<StreamSocket>[] {
  const clock = new VirtualClock();
  const journal = new MemoryJournal({ epoch: createEpoch(), clock, metrics: noMetrics });
  return sockets.map((socket) => {
    const handle = { socket, onWritten: () => undefined, extraRequests: 0 };
    return new Connection<StreamSocket>({ handle, rounds, read: { kind: "history", after: 0, told: 0 } });
  });
}

// Node takes in one new connection a turn of its event loop. A round to 9,500 clients was one turn of 0.3 s, so that of
// 150 clients that came while 10 publications a second went out, 14 had been let in after 4 s.
test("a round to a crowd is written in several turns, and handed over after the last", async () => {
  const clock = new BusyClock();
  const channel = new StreamChannel({ clock, drained: () => undefined });
  const sockets = await openSockets(200);
  const connections = connectionsOf(sockets);
  const written = (): number => sockets.filter((socket) => socket.bytesWritten > 0).length;
  let handedOver = 0;
  channel.writeRound(new Set(connections), Buffer.from("round\n"));
  channel.whenHandedOver(() => (handedOver = written()));
  const first = written();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(100);
  const gone = connections.at(-1);
  if (gone !== undefined) gone.state = "closed";
  expect(clock.turn()).toBe(true);
  expect([written() < 150, handedOver]).toEqual([true, 0]);
  while (clock.turn());
  expect([written(), handedOver]).toEqual([199, 199]);
});

test("a round that follows another waits for it, and one that is written is handed over at once", async () => {
  const clock = new BusyClock();
  const channel = new StreamChannel({ clock, drained: () => undefined });
  const sockets = await openSockets(100);
  const connections = connectionsOf(sockets);
  const order: string[] = [];
  channel.writeRound(new Set(connections.slice(0, 90)), Buffer.from("one\n"));
  channel.whenHandedOver(() => order.push("one"));
  channel.writeRound(new Set(connections.slice(90)), Buffer.from("two\n"));
  channel.whenHandedOver(() => order.push("two"));
  expect(sockets.at(-1)?.bytesWritten).toBe(0);
  while (clock.turn());
  channel.whenHandedOver(() => order.push("now"));
  expect(order).toEqual(["one", "two", "now"]);
});
