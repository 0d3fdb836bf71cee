import { once } from "node:events";
import { createServer, connect, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { descriptorOf } from "../../../src/fronts/descriptor-of.js";
import { writeDirectly } from "../../../src/fronts/http/direct-write.js";
import { waitFor } from "../../support/wait-for.js";

interface Pair {
  readonly writer: Socket;
  readonly fd: number;
  /** The socket that receives the bytes; paused until the test resumes it. */
  readonly reader: Socket;
}

async function listen(): Promise<Server> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

async function openPair(server: Server): Promise<Pair> {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const accepted: Promise<Socket[]> = once(server, "connection");
  const writer = connect(port, "127.0.0.1");
  await once(writer, "connect");
  const [reader] = await accepted;
  const fd = descriptorOf(writer);
  if (reader === undefined || fd === undefined) throw new Error("no connection, or no descriptor of it");
  onTestFinished(() => {
    writer.destroy();
    reader.destroy();
  });
  return { writer, fd, reader };
}

/** Collects everything that arrives. */
function gather(reader: Socket): { bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  reader.on("data", (chunk: Buffer) => chunks.push(chunk)).resume();
  return { bytes: () => Buffer.concat(chunks) };
}

test("what was written directly and through the socket arrives in the order of writing", async () => {
  const { writer, fd, reader } = await openPair(await listen());
  const arrived = gather(reader);
  expect(writeDirectly(writer, fd, Buffer.from("one "))).toBe(4);
  writer.write("two ");
  expect(writeDirectly(writer, fd, Buffer.from("three"))).toBe(5);
  await waitFor(() => arrived.bytes().toString() === "one two three", {
    within: 10_000,
    missing: "all three",
  });
});

test("the kernel takes a part of what is too much for it, and nothing while the rest is queued", async () => {
  const { writer, fd, reader } = await openPair(await listen());
  const body = Buffer.alloc(64 * 1024 * 1024);
  for (let at = 0; at < body.length; at += 4096) body.writeUInt32BE(at, at);
  const taken = writeDirectly(writer, fd, body);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(body.length);
  expect(writeDirectly(writer, fd, body)).toBe(0);
  writer.write(body.subarray(taken));
  expect(writer.writableLength).toBeGreaterThan(0);
  expect(writeDirectly(writer, fd, body)).toBe(0);
  const arrived = gather(reader);
  await waitFor(() => writer.writableLength === 0, { within: 10_000, missing: "the whole body" });
  writer.end();
  await once(reader, "end");
  expect(arrived.bytes().equals(body)).toBe(true);
});

// Node emits "close" one turn after `destroy`. In between, a new connection may get the descriptor of the destroyed
// socket, because the system assigns the lowest free descriptor.
test("nothing is written for a socket that was destroyed, whose descriptor may be another's", async () => {
  const server = await listen();
  const { writer, fd } = await openPair(server);
  writer.destroy();
  expect(descriptorOf(writer)).toBeUndefined();
  const other = await openPair(server);
  expect(writeDirectly(writer, fd, Buffer.from("meant for the one before"))).toBe(0);
  const arrived = gather(other.reader);
  other.writer.write("its own");
  await waitFor(() => arrived.bytes().length > 0, { within: 10_000, missing: "what is its own" });
  expect(arrived.bytes().toString()).toBe("its own");
});

test("nothing is written after the end of what a socket has to say", async () => {
  const { writer, fd } = await openPair(await listen());
  writer.end("last");
  expect(writeDirectly(writer, fd, Buffer.from("more"))).toBe(0);
});

test("a connection that the peer has reset takes nothing, and its socket finds that out", async () => {
  const { writer, fd, reader } = await openPair(await listen());
  const errors: unknown[] = [];
  writer.on("error", (error) => errors.push(error));
  reader.resetAndDestroy();
  await once(reader, "close");
  const body = Buffer.from("too late");
  // The reader's reset may not have arrived yet. Bytes that the kernel accepts before the reset are lost, so the test
  // writes until a write is refused.
  await waitFor(() => writeDirectly(writer, fd, body) === 0, { within: 10_000, missing: "a refused write" });
  writer.write(body);
  await waitFor(() => writer.destroyed, { within: 10_000, missing: "the end of the socket" });
  expect(errors).toHaveLength(1);
});

test("an encrypted socket, and one that is not connected, have no descriptor to write to", async () => {
  const { writer } = await openPair(await listen());
  const encrypted = new TLSSocket(writer);
  onTestFinished(() => void encrypted.destroy());
  expect(descriptorOf(encrypted)).toBeUndefined();
  const unconnected = connect({ port: 1, host: "127.0.0.1", autoSelectFamily: false });
  unconnected.on("error", () => undefined).destroy();
  expect(descriptorOf(unconnected)).toBeUndefined();
});
