import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Push } from "zeromq";
import { systemClock } from "../../src/app/system-clock.js";
import { createKeyPair, parseCurveServer } from "../../src/zeromq/curve/keys.js";
import { ControlSocket } from "../../src/ingress/zeromq/control-socket.js";
import { parseEndpoint } from "../../src/zeromq/endpoint.js";
import {
  ipcPath,
  openIngress,
  openPush,
  Records,
  type RecordingSink,
} from "../ingress/zeromq/open-ingress.js";
import { before } from "../support/wait-for.js";

const body = "id: 1\ndata: evil\n\n";
const zmtp1 = (text: string): Buffer => Buffer.from([text.length + 1, 0, ...Buffer.from(text)]);
const zmtp2Greeting = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8];

/** Bytes that other programs may write to the port. A web page can send the first item with `fetch`, with any body. */
const strangers: readonly (readonly [string, Buffer])[] = [
  [
    "an HTTP request with event text",
    Buffer.from(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
  ],
  [
    "an HTTP request whose body is ZMTP 1.0",
    Buffer.from(`POST / HTTP/1.1\r\n\r\n${zmtp1(body).toString("latin1")}`),
  ],
  ["a ZMTP 1.0 greeting and event text", Buffer.concat([zmtp1(""), zmtp1(body), zmtp1("shutdown")])],
  [
    "a ZMTP 1.0 long greeting and event text",
    Buffer.concat([Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0]), zmtp1(body), zmtp1("shutdown")]),
  ],
  [
    "a ZMTP 2.0 greeting and event text",
    Buffer.from([
      ...zmtp2Greeting,
      0,
      0,
      0,
      body.length,
      ...Buffer.from(body),
      0,
      8,
      ...Buffer.from("shutdown"),
    ]),
  ],
  [
    "a ZMTP 3.0 greeting without security, cut short",
    Buffer.from([...zmtp2Greeting.slice(0, 10), 3, 0, ...Buffer.from("NULL"), ...Buffer.alloc(10), 0]),
  ],
  ["event text", Buffer.from(body)],
  ["the word shutdown", Buffer.from("shutdown\n")],
  ["a TLS hello", Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Buffer.alloc(64, 0x5a)])],
  ["zeros", Buffer.alloc(4096)],
];

/** Writes `bytes`, ends the stream, and waits until the other side has closed. */
async function writeRaw(address: string, bytes: Buffer): Promise<void> {
  const [, transport, place = ""] = /^(tcp|ipc):\/\/(.+)$/.exec(address) ?? [];
  const [, host, port] = /^(.+):(\d+)$/.exec(place) ?? [];
  const socket = transport === "ipc" ? connect(place) : connect(Number(port), host);
  onTestFinished(() => void socket.destroy());
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  // The other side may reset the connection during the write. A reset is also a valid refusal.
  socket.on("error", () => undefined).resume();
  socket.end(bytes);
  await before(closed, {
    within: 30_000,
    missing: `the end of a connection that is not ZMTP 3, at ${address}`,
  });
}

interface Port {
  readonly address: string;
  readonly sink: RecordingSink;
  /** Connects a publisher that the endpoint accepts. */
  readonly open: () => Push;
}

/** One ingest endpoint of each kind that can be bound. */
const ports: Readonly<Record<string, () => Promise<Port>>> = {
  "loopback tcp": () => openPort("@tcp://127.0.0.1:0"),
  ipc: () => openPort(`@ipc://${ipcPath()}`),
  "tcp with keys": openGuardedPort,
};

async function openPort(endpoint: string): Promise<Port> {
  const { ingress, sink } = await openIngress({ endpoint });
  return { address: ingress.address, sink, open: () => openPush(ingress.address) };
}

async function openGuardedPort(): Promise<Port> {
  const keys = createKeyPair();
  const curve = parseCurveServer(keys, "keys");
  const { ingress, sink } = await openIngress({ endpoint: "@tcp://0.0.0.0:0", curve });
  const address = ingress.address.replace("0.0.0.0", "127.0.0.1");
  const own = createKeyPair();
  const options = {
    curveServerKey: keys.publicKey,
    curvePublicKey: own.publicKey,
    curveSecretKey: own.secretKey,
  };
  return { address, sink, open: () => openPush(address, options) };
}

describe("a bound ingest port", () => {
  it.each(Object.entries(ports))("publishes nothing that strangers write to it: %s", async (_, openIt) => {
    const { address, sink, open } = await openIt();
    const push = open();
    await push.send("data: before");
    for (const [name, bytes] of strangers) {
      await writeRaw(address, bytes);
      await push.send(`data: after ${name}`);
    }
    await open().send("data: new publisher");
    await sink.received(strangers.length + 2);
    const expected = ["before", ...strangers.map(([name]) => `after ${name}`), "new publisher"];
    expect(sink.data.toSorted()).toEqual(expected.toSorted());
  });

  it("is not blocked by silent connections of other programs", async () => {
    const { ingress, sink } = await openIngress();
    const port = Number(ingress.address.split(":")[2]);
    for (let n = 0; n < 50; n += 1) {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      onTestFinished(() => void socket.destroy());
      socket.write(Buffer.from([0xff, 0, 0]));
    }
    await openPush(ingress.address).send("data: through");
    await sink.received(1);
    expect(sink.data).toEqual(["through"]);
  });
});

describe("a control endpoint", () => {
  it("is not stopped by bytes of other programs", async () => {
    let shutdowns = 0;
    let asked: () => void = () => undefined;
    const shutdown = new Promise<void>((resolve) => (asked = resolve));
    const control = await ControlSocket.open({
      endpoint: parseEndpoint(`@ipc://${ipcPath()}`, "bind"),
      onShutdown: () => {
        shutdowns += 1;
        asked();
      },
      clock: systemClock,
      logger: new Records(),
    });
    onTestFinished(() => control.close());
    for (const [, bytes] of strangers) await writeRaw(control.address, bytes);
    expect(shutdowns).toBe(0);
    await openPush(control.address).send("shutdown");
    await before(shutdown, { within: 30_000, missing: "the shutdown that a PUSH asked for" });
    expect(shutdowns).toBe(1);
  });
});
