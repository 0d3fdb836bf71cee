import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:http2";
import type { ClientHttp2Session, ClientSessionOptions } from "node:http2";
import { onTestFinished } from "vitest";

const prefaceBytes = 24;
const headBytes = 9;

const frameTypes = { headers: 1, settings: 4, goAway: 7, continuation: 9 } as const;
const flags = { ack: 0x01, endStream: 0x01, endHeaders: 0x04, padded: 0x08, priority: 0x20 } as const;

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export interface HeaderServerOptions {
  /** The answer to the next header block of the client: the block of the response. */
  readonly respond: (request: Buffer) => Buffer;
  /** The settings of the server, by their identifiers [RFC 9113 6.5.2]. */
  readonly settings?: ReadonlyMap<number, number>;
  readonly client?: ClientSessionOptions;
  /** Called with the error code of each GOAWAY frame of the client. */
  readonly goAway?: (errorCode: number) => void;
}

/**
 * A session of Node's own HTTP/2 client with a server that knows only header blocks: it answers each HEADERS frame with
 * one HEADERS frame, and ignores all other frames.
 */
export async function headerSession(options: HeaderServerOptions): Promise<ClientHttp2Session> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket, options);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const session = connect(`http://127.0.0.1:${port}`, options.client);
  onTestFinished(async () => {
    session.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return session;
}

function serve(socket: Socket, { respond, goAway, settings = new Map() }: HeaderServerOptions): void {
  socket.write(
    encodeFrame({ type: frameTypes.settings, flags: 0, stream: 0, payload: encodeSettings(settings) }),
  );
  let received: Buffer = Buffer.alloc(0);
  let isPrefaceRead = false;
  let fragments: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (!isPrefaceRead && received.length >= prefaceBytes) {
      isPrefaceRead = true;
      received = received.subarray(prefaceBytes);
    }
    if (!isPrefaceRead) return;
    for (let frame = firstFrame(received); frame !== undefined; frame = firstFrame(received)) {
      received = received.subarray(headBytes + frame.payload.length);
      answer(frame);
    }
  });

  const answer = (frame: Frame): void => {
    if (frame.type === frameTypes.settings && (frame.flags & flags.ack) === 0)
      socket.write(encodeFrame({ ...frame, flags: flags.ack, payload: Buffer.alloc(0) }));
    if (frame.type === frameTypes.goAway) goAway?.(frame.payload.readUInt32BE(4));
    if (frame.type !== frameTypes.headers && frame.type !== frameTypes.continuation) return;
    fragments.push(frame.type === frameTypes.headers ? fragmentOf(frame) : frame.payload);
    if ((frame.flags & flags.endHeaders) === 0) return;
    const payload = respond(Buffer.concat(fragments));
    fragments = [];
    const { stream } = frame;
    socket.write(
      encodeFrame({ type: frameTypes.headers, flags: flags.endHeaders | flags.endStream, stream, payload }),
    );
  };
}

function firstFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < headBytes) return undefined;
  const payload = bytes.subarray(headBytes, headBytes + bytes.readUIntBE(0, 3));
  if (payload.length < bytes.readUIntBE(0, 3)) return undefined;
  return { type: bytes.readUInt8(3), flags: bytes.readUInt8(4), stream: bytes.readUInt32BE(5), payload };
}

function encodeFrame({ type, flags, stream, payload }: Frame): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function encodeSettings(settings: ReadonlyMap<number, number>): Buffer {
  const pairs = Array.from(settings, ([identifier, value]) => {
    const pair = Buffer.alloc(6);
    pair.writeUInt16BE(identifier, 0);
    pair.writeUInt32BE(value, 2);
    return pair;
  });
  return Buffer.concat(pairs);
}

/** The part of a header block in a HEADERS frame, without padding and priority [RFC 9113 6.2]. */
function fragmentOf({ flags: set, payload }: Frame): Buffer {
  const isPadded = (set & flags.padded) !== 0;
  const start = (isPadded ? 1 : 0) + ((set & flags.priority) === 0 ? 0 : 5);
  return payload.subarray(start, payload.length - (isPadded ? payload.readUInt8(0) : 0));
}
