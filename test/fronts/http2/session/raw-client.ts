import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";
import { TurnBudget } from "../../../../src/base/turn-budget.js";
import { TurnRotation } from "../../../../src/gateway/limits/turn-rotation.js";
import { encodeFields } from "../../../../src/fronts/http2/hpack/hpack-encoder.js";
import type { BegunRequest } from "../../../../src/fronts/http2/session/client-frames.js";
import { Http2Session } from "../../../../src/fronts/http2/session/http2-session.js";
import { Http2Sessions } from "../../../../src/fronts/http2/session/http2-sessions.js";
import { encodeHeaders, encodeSettings } from "../../../../src/fronts/http2/wire/frames.js";
import { clientPreface } from "../../../../src/fronts/http2/wire/protocol.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { waitFor } from "../../../support/wait-for.js";
import { framesOf } from "./reading-client.js";
import type { SentFrame } from "./reading-client.js";
import type { Fields } from "./test-client.js";

/** Milliseconds. */
export const within = 30_000;

const get: Fields = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/"],
  [":authority", "a.example"],
];

/** The two ends of a connection. The first is paused. */
export async function socketPair(): Promise<readonly [server: Socket, client: Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = (await accepted) as [Socket];
  client.on("error", () => undefined);
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return [socket, client];
}

/** A client that writes frames to a socket, and reads those of the hub. */
export class RawClient {
  readonly socket: Socket;
  isClosed = false;
  #received = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => (this.#received = Buffer.concat([this.#received, bytes])));
    socket.on("close", () => (this.isClosed = true));
  }

  /** All complete frames of the hub so far. */
  get frames(): readonly SentFrame[] {
    let end = 0;
    for (let next = 0; next <= this.#received.length;) {
      end = next;
      if (this.#received.length < end + 9) break;
      next = end + 9 + this.#received.readUIntBE(end, 3);
    }
    return framesOf(this.#received.subarray(0, end));
  }

  framesOfType(type: number): readonly SentFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  /** Begins the connection. */
  begin(settings: Parameters<typeof encodeSettings>[0] = []): void {
    this.send(clientPreface, encodeSettings(settings));
  }

  request(stream: number, { isEnd = true, fields = get } = {}): void {
    this.send(encodeHeaders(stream, encodeFields(fields), isEnd));
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }
}

/** The sessions of a hub with a virtual clock. */
export class SessionsSite {
  readonly clock = new VirtualClock();
  readonly requests: BegunRequest[] = [];
  readonly stalled: Http2Session[] = [];
  readonly failures: string[] = [];
  readonly sessions: Http2Sessions;

  constructor({ stallMs = 30_000 } = {}) {
    this.sessions = new Http2Sessions({
      clock: this.clock,
      limits: { stallMs },
      stalled: (session) => void this.stalled.push(session),
    });
  }

  async connect(): Promise<{ readonly client: RawClient; readonly session: Http2Session }> {
    const [socket, clientSocket] = await socketPair();
    const session = new Http2Session({
      socket,
      clock: this.clock,
      turns: new TurnRotation(new TurnBudget(this.clock)),
      mostStreams: 256,
      headBytes: 16_384,
      request: (begun) => void this.requests.push(begun),
      schedule: (each) => this.sessions.schedule(each),
      closed: (each) => this.sessions.delete(each),
      failed: (_code, reason) => void this.failures.push(reason),
      vanished: () => undefined,
    });
    this.sessions.add(session);
    socket.resume();
    return { client: new RawClient(clientSocket), session };
  }

  /** Resolves when the condition holds. The turns of the event loop end, and the time stands still. */
  async until(condition: () => boolean, missing: string): Promise<void> {
    const probe = (): boolean => {
      this.clock.runEndOfTurn();
      return condition();
    };
    await waitFor(probe, { within, missing });
  }
}
