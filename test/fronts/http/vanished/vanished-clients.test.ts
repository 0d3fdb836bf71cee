import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Unacknowledged } from "../../../../src/fronts/http/vanished/tcp-table.js";
import {
  VanishedClients,
  type WatchedClient,
} from "../../../../src/fronts/http/vanished/vanished-clients.js";
import { VirtualClock } from "../../../support/virtual-clock.js";

interface FakeSocket {
  bytesRead: number;
  paused: boolean;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  isPaused(): boolean;
}

/** Streams of one front, whose sockets the test changes. */
class World {
  readonly clock = new VirtualClock();
  readonly pinged: string[] = [];
  readonly cut: string[] = [];
  rows: readonly Unacknowledged[] | undefined = [];
  readonly #clients = new Set<WatchedClient>();

  constructor() {
    const vanished = new VanishedClients({
      clients: () => this.#clients,
      limits: { stallMs: 60_000 },
      clock: this.clock,
      readTable: () =>
        this.rows === undefined ? Promise.reject(new Error("EMFILE")) : Promise.resolve(this.rows),
    });
    onTestFinished(() => vanished.close());
  }

  open(name: string, remotePort: number, kind: "stream" | "websocket"): FakeSocket {
    const socket: FakeSocket = {
      bytesRead: 0,
      paused: false,
      localPort: 80,
      remoteAddress: "10.0.0.1",
      remotePort,
      isPaused: () => socket.paused,
    };
    const client: WatchedClient = {
      socket: socket as unknown as Socket,
      answersPings: kind === "websocket",
      ping: () => void this.pinged.push(name),
      cutVanished: () => {
        this.cut.push(name);
        this.#clients.delete(client);
      },
    };
    this.#clients.add(client);
    return socket;
  }

  /** Lets `seconds` pass. Calls `meanwhile` every second. */
  async pass(seconds: number, meanwhile: () => void = () => undefined): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      meanwhile();
      this.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe("a client that vanished without an end of its connection", () => {
  // Such clients stayed counted for minutes: the system's buffer accepted all heartbeats.
  it("is cut once it has acknowledged nothing for the whole time", async () => {
    const world = new World();
    world.open("gone", 1, "stream");
    world.open("there", 2, "stream");
    let attempts = 0;
    const fail = (): void => {
      attempts += 1;
      world.rows = [{ key: "0050 0100000A:0001", bytes: 40, attempts }];
    };
    await world.pass(69, fail);
    expect(world.cut).toEqual([]);
    await world.pass(1, fail);
    expect(world.cut).toEqual(["gone"]);
  });

  it("is cut on a WebSocket that answers no ping, also where the proxy acknowledges everything", async () => {
    const world = new World();
    world.open("gone", 1, "websocket");
    const there = world.open("there", 2, "websocket");
    const answering = world.open("answering", 3, "websocket");
    const busy = world.open("busy", 4, "websocket");
    busy.paused = true;
    let answered = 0;
    await world.pass(200, () => {
      there.bytesRead += 1;
      const pings = world.pinged.filter((name) => name === "answering").length;
      if (pings > answered) answering.bytesRead += 6;
      answered = pings;
    });
    expect(world.cut).toEqual(["gone"]);
    expect(world.pinged.filter((name) => name === "gone")).toHaveLength(1);
    expect(world.pinged.filter((name) => name === "answering").length).toBeGreaterThan(2);
    expect(world.pinged).not.toContain("there");
    expect(world.pinged).not.toContain("busy");
  });

  // Bug: a client that read 30 KB/s was cut while it read. Its ping waited behind megabytes in the system's buffer.
  it("is not a client that reads slowly, whose ping has not arrived", async () => {
    const world = new World();
    world.open("slow", 1, "websocket");
    let bytes = 3_000_000;
    await world.pass(300, () => {
      bytes -= 5000;
      world.rows = [{ key: "0050 0100000A:0001", bytes, attempts: 0 }];
    });
    expect({ pinged: world.pinged, cut: world.cut }).toEqual({ pinged: ["slow"], cut: [] });
    world.rows = [];
    await world.pass(29);
    expect(world.cut).toEqual([]);
    await world.pass(1);
    expect(world.cut).toEqual(["slow"]);
  });

  // Bug: one failure, for example without a free file descriptor, ended the checks for good.
  it("is found after a time in which the table could not be read", async () => {
    const world = new World();
    world.open("gone", 1, "stream");
    world.open("gone WebSocket", 2, "websocket");
    world.rows = undefined;
    await world.pass(100);
    expect(world.cut).toEqual(["gone WebSocket"]);
    world.rows = [{ key: "0050 0100000A:0001", bytes: 40, attempts: 3 }];
    await world.pass(70);
    expect(world.cut).toEqual(["gone WebSocket", "gone"]);
  });
});
