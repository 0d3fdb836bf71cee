import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LogFields } from "../../src/base/log.js";
import { silentLogger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { ConnectionDescriptors } from "../../src/fronts/connection-descriptors.js";
import { descriptorOf } from "../../src/fronts/descriptor-of.js";
import { planDescriptors } from "../../src/limits/descriptors.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { waitForEvent } from "../support/wait-for.js";

async function acceptedSocket(): Promise<Socket> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const socket = (await waitForEvent(server, "connection", {
    within: 30_000,
    missing: "a client",
  })) as Socket;
  onTestFinished(() => {
    socket.destroy();
    client.destroy();
    server.close();
  });
  return socket;
}

describe("descriptors", () => {
  /** A process: the system gives the lowest free descriptor, and none above the limit. */
  class Descriptors {
    readonly #used = new Set<number>();
    readonly #limit: number;

    constructor(limit: number) {
      this.#limit = limit;
    }

    get open(): number {
      return this.#used.size;
    }

    take(): number | undefined {
      for (let fd = 0; fd < this.#limit; fd += 1)
        if (!this.#used.has(fd)) {
          this.#used.add(fd);
          return fd;
        }
      return undefined;
    }

    free(fd: number): void {
      this.#used.delete(fd);
    }
  }

  const many = { minLength: 200, maxLength: 400, size: "max" } as const;
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant("client" as const) },
    { weight: 2, arbitrary: fc.constant("publisher" as const) },
    { weight: 3, arbitrary: fc.nat({ max: 1000 }) },
  );

  // Idle clients used all descriptors, and the next publisher ended the hub.
  it("never run out for publishers, in any order of clients, publishers and ends", () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 120 }), fc.array(step, many), (limit, steps) => {
        const plan = planDescriptors(limit);
        const system = new Descriptors(limit);
        const taken: number[] = [];
        const without: string[] = [];
        for (let own = 0; own < 36; own += 1) system.take();
        for (const each of steps) {
          if (typeof each === "number") {
            const [fd] = taken.splice(each % Math.max(1, taken.length), 1);
            if (fd !== undefined) system.free(fd);
            continue;
          }
          const fd = system.take();
          if (fd === undefined) without.push(`a ${each} at ${system.open} of ${limit}`);
          else if (fd >= (each === "client" ? plan.clientsBelow : plan.publishersBelow)) system.free(fd);
          else taken.push(fd);
        }
        expect(without).toEqual([]);
      }),
      { seed: 20_110_402, numRuns: 1000 },
    );
  });

  it("that are held back are a third, 256 at most, of which files and admin use a half", () => {
    expect(planDescriptors(80)).toEqual({
      limit: 80,
      clientsBelow: 54,
      publishersBelow: 63,
      admin: 6,
      files: 6,
    });
    expect(planDescriptors(20_000)).toEqual({
      limit: 20_000,
      clientsBelow: 19_744,
      publishersBelow: 19_840,
      admin: 64,
      files: 64,
    });
    expect(planDescriptors(undefined).clientsBelow).toBeGreaterThan(1e15);
  });
});

const kinds = [
  { kind: "client", bound: "clientsBelow", counter: "connections_cut_total", field: "forClients" },
  {
    kind: "publisher",
    bound: "publishersBelow",
    counter: "publishers_refused_total",
    field: "forPublishers",
  },
] as const;

describe.each(kinds)(
  "a connection of a $kind with a descriptor for others",
  ({ kind, bound, counter, field }) => {
    it("is closed, counted, and logged at most every 10 seconds", async () => {
      const socket = await acceptedSocket();
      const fd = descriptorOf(socket) ?? 0;
      const warnings: LogFields[] = [];
      const counts: unknown[] = [];
      const clock = new VirtualClock();
      const limitedTo = (below: number): ConnectionDescriptors =>
        new ConnectionDescriptors(kind, {
          descriptors: { ...planDescriptors(1000), [bound]: below },
          clock,
          logger: { ...silentLogger, warn: (fields) => void warnings.push(fields) },
          metrics: { ...silentMetrics, count: (name, _by, labels) => void counts.push([name, labels]) },
        });
      expect(limitedTo(fd + 1).admit(socket)).toBe(true);
      expect(socket.destroyed).toBe(false);
      const full = limitedTo(fd);
      const others = [await acceptedSocket(), await acceptedSocket()];
      expect([socket, ...others].map((each) => full.admit(each))).toEqual([false, false, false]);
      expect(socket.destroyed).toBe(true);
      expect(counts).toEqual(Array.from({ length: 3 }, () => [counter, { reason: "descriptors" }]));
      expect(warnings).toEqual([{ limit: 1000, [field]: fd }]);
      clock.advance(10_000);
      full.admit(await acceptedSocket());
      expect(warnings.at(-1)).toEqual({ limit: 1000, [field]: fd, suppressed: 2 });
    });
  },
);
