import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { silentMetrics } from "../../../src/base/metrics.js";
import type { Labels } from "../../../src/base/metrics.js";
import { Intake } from "../../../src/fronts/listen/intake.js";
import type { ReadyConnection, ConnectionClient, IntakeOptions } from "../../../src/fronts/listen/intake.js";
import { headerWithinMs } from "../../../src/fronts/listen/proxy/read-proxy-header.js";
import { planDescriptors } from "../../../src/limits/descriptors.js";
import type { LogFields } from "../../../src/base/log.js";
import { within } from "../../contract/client.js";
import { encodeBlock, ipv4Ends, protocolBytes } from "../../support/proxy-headers.js";
import { connectRaw } from "../../support/raw-http.js";
import type { RawConnection } from "../../support/raw-http.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { Changes } from "../../support/wait-for.js";

const header = "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n";
const request = "GET / HTTP/1.1\r\n\r\n";

/** An intake behind a listener, whose peers are all at 127.0.0.1 or at a unix socket. */
class IntakeSite {
  readonly arrivals: ReadyConnection[] = [];
  /** The clients of the connections that are counted now. */
  readonly counted = new Set<ConnectionClient>();
  readonly warnings: LogFields[] = [];
  /** The reasons why connections were cut. */
  readonly cut: (string | undefined)[] = [];
  readonly clock = new VirtualClock();
  readonly changes = new Changes();
  close: () => void = () => undefined;
  #accepted = 0;
  #port = 0;

  static async start(
    options: Partial<IntakeOptions> & { readonly isUnix?: boolean } = {},
  ): Promise<IntakeSite> {
    const { isUnix = false, ...rest } = options;
    const site = new IntakeSite();
    const intake = site.#createIntake(rest);
    site.close = () => intake.close();
    const sockets: Socket[] = [];
    const admit = (client: ConnectionClient): (() => void) | undefined => site.#admit(client);
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      site.#accepted += 1;
      intake.take({ socket, at: { listener: 0, secure: false, redirects: false, isUnix }, admit });
      socket.on("close", () => site.changes.changed());
      site.changes.changed();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    site.#port = (server.address() as AddressInfo).port;
    return site;
  }

  /** Connects, and waits until the intake has the connection. */
  async connect(): Promise<RawConnection> {
    const accepted = this.#accepted;
    const connection = await connectRaw({ port: this.#port });
    await this.until(() => this.#accepted > accepted, "the connection is not accepted");
    return connection;
  }

  until(isReached: () => boolean, missing: string): Promise<void> {
    return this.changes.until(isReached, { within, missing: () => missing });
  }

  /** The next connection that the front gets. */
  async arrival(): Promise<ReadyConnection> {
    await this.until(() => this.arrivals.length > 0, "no connection reaches the front");
    const arrival = this.arrivals.shift();
    if (arrival === undefined) throw new Error("it was there a moment ago");
    return arrival;
  }

  #createIntake(options: Partial<IntakeOptions>): Intake {
    const ignore = (): void => undefined;
    return new Intake({
      proxyProtocol: [],
      secureConnections: undefined,
      redirect: ignore,
      descriptors: planDescriptors(),
      clock: this.clock,
      logger: { debug: ignore, info: ignore, error: ignore, warn: (fields) => this.warnings.push(fields) },
      metrics: {
        ...silentMetrics,
        count: (_name: string, _by?: number, labels: Labels = {}) => {
          this.cut.push(labels["reason"]);
          this.changes.changed();
        },
      },
      ready: (arrival) => {
        this.arrivals.push(arrival);
        this.changes.changed();
      },
      ...options,
    });
  }

  /** Allows three connections at a time. */
  #admit(client: ConnectionClient): (() => void) | undefined {
    if (this.counted.size >= 3) return undefined;
    this.counted.add(client);
    return () => {
      this.counted.delete(client);
      this.changes.changed();
    };
  }
}

/** The bytes of a connection that the front would read first. */
async function firstBytes({ socket }: ReadyConnection, length: number): Promise<string> {
  const pieces: Buffer[] = [];
  await new Promise<void>((resolve) => {
    socket.on("data", (piece) => {
      pieces.push(piece);
      if (Buffer.concat(pieces).length >= length) resolve();
    });
    socket.resume();
  });
  return Buffer.concat(pieces).toString();
}

test("a connection of a peer that is not listed goes on at once, and counts for its peer", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["192.0.2.7", "unix"] });
  const connection = await site.connect();
  connection.write(header + request);
  const arrival = await site.arrival();
  expect(arrival).toMatchObject({ peer: "127.0.0.1", isDirect: true });
  expect(await firstBytes(arrival, header.length)).toMatch(/^PROXY TCP4/);
});

test("a connection counts until its end, and one above the limit is cut", async () => {
  const site = await IntakeSite.start();
  const [first] = [await site.connect(), await site.connect(), await site.connect()];
  const fourth = await site.connect();
  await fourth.readToEnd({ within });
  expect(site.cut).toEqual(["address"]);
  first.close();
  const { socket } = await site.arrival();
  socket.resume();
  socket.end();
  await site.until(() => site.counted.size === 2, "the connection counts after its end");
});

test.each([
  ["version 1", Buffer.from(header)],
  ["version 2", encodeBlock({ protocol: protocolBytes.tcp4, addresses: ipv4Ends("198.51.100.7") })],
])("a PROXY header of %s names the client, and the request follows", async (_version, bytes) => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.0/8"] });
  const connection = await site.connect();
  expect(site.counted.size).toBe(0);
  for (const byte of bytes) connection.write(Buffer.from([byte]));
  connection.write(request);
  const arrival = await site.arrival();
  expect(arrival).toMatchObject({ peer: "198.51.100.7", isDirect: false });
  expect([...site.counted]).toEqual([{ peer: "198.51.100.7", isDirect: false }]);
  expect(await firstBytes(arrival, request.length)).toBe(request);
  expect(site.clock.timers).toBe(0);
});

test("a header and a request in one packet are told apart", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  const connection = await site.connect();
  connection.write(header + request);
  expect(await firstBytes(await site.arrival(), request.length)).toBe(request);
});

test("without an address in the header, the proxy is the client", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  (await site.connect()).write("PROXY UNKNOWN\r\n");
  expect(await site.arrival()).toMatchObject({ peer: "127.0.0.1", isDirect: false });
});

test("a program at a unix socket is called unix, and may be a proxy", async () => {
  const direct = await IntakeSite.start({ isUnix: true });
  await direct.connect();
  expect(await direct.arrival()).toMatchObject({ peer: "unix", isDirect: true });
  const behind = await IntakeSite.start({ isUnix: true, proxyProtocol: ["unix"] });
  (await behind.connect()).write(header);
  expect(await behind.arrival()).toMatchObject({ peer: "198.51.100.7", isDirect: false });
});

test.each([
  ["a request without a header", request, /^no PROXY header$/],
  ["a malformed header", "PROXY TCP4 198.51.100.7\r\n", /two addresses/],
])("a proxy that sends %s is cut, counted and logged", async (_name, bytes, reason) => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  const connection = await site.connect();
  connection.write(bytes);
  await connection.readToEnd({ within });
  expect([site.cut, site.counted.size, site.arrivals.length]).toEqual([["proxy-header"], 0, 0]);
  expect(site.warnings).toEqual([{ proxy: "127.0.0.1", reason: expect.stringMatching(reason) as string }]);
});

test("many connections without a header make one line in the log", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  for (let count = 0; count < 5; count += 1) {
    const connection = await site.connect();
    connection.write(request);
    await connection.readToEnd({ within });
  }
  expect([site.cut.length, site.warnings.length]).toEqual([5, 1]);
});

test("a proxy that sends no whole header in time is cut", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  const connection = await site.connect();
  connection.write(header.slice(0, -1));
  site.clock.advance(headerWithinMs);
  await connection.readToEnd({ within });
  expect([site.cut, site.clock.timers]).toEqual([["proxy-header"], 0]);
});

test("a proxy that ends its side within the header is cut", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  const connection = await site.connect();
  connection.write(header.slice(0, 10));
  connection.endWriting();
  await connection.readToEnd({ within });
  expect([site.cut, site.clock.timers]).toEqual([["proxy-header"], 0]);
});

test("a proxy that only checks whether the hub listens is no fault", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  const connection = await site.connect();
  connection.endWriting();
  await connection.readToEnd({ within });
  expect([site.cut, site.warnings, site.clock.timers]).toEqual([[], [], 0]);
});

test("a proxy that resets its connection within the header leaves nothing behind", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  const connection = await site.connect();
  connection.close({ reset: true });
  await site.until(() => site.clock.timers === 0, "the timer of the header still runs");
  expect([site.clock.timers, site.counted.size, site.arrivals.length]).toEqual([0, 0, 0]);
});

test("the client of a header counts against the limit", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  for (let count = 0; count < 3; count += 1) (await site.connect()).write(header);
  await site.until(() => site.counted.size === 3, "three connections");
  const fourth = await site.connect();
  fourth.write(header);
  await fourth.readToEnd({ within });
  expect(site.cut).toEqual(["address"]);
});

test("close ends the connections whose header is not read yet, and no others", async () => {
  const site = await IntakeSite.start({ proxyProtocol: ["127.0.0.1"] });
  (await site.connect()).write(header);
  const admitted = await site.arrival();
  const waiting = await site.connect();
  waiting.write(header.slice(0, 10));
  site.close();
  await waiting.readToEnd({ within });
  await site.until(() => site.clock.timers === 0, "the timer of the header still runs");
  expect([admitted.socket.destroyed, site.counted.size]).toEqual([false, 1]);
  expect([site.cut, site.warnings]).toEqual([[], []]);
});

test("a connection that comes after close is closed, and does not count", async () => {
  const site = await IntakeSite.start();
  site.close();
  await (await site.connect()).readToEnd({ within });
  expect([site.arrivals, site.counted.size]).toEqual([[], 0]);
});
