import { encodeFields } from "../../../../src/fronts/http2/hpack/hpack-encoder.js";
import { ClientFrames } from "../../../../src/fronts/http2/session/client-frames.js";
import type { BegunRequest } from "../../../../src/fronts/http2/session/client-frames.js";
import { SessionOutput } from "../../../../src/fronts/http2/session/session-output.js";
import {
  encodeHeaders,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  writeFrameHead,
} from "../../../../src/fronts/http2/wire/frames.js";
import { errorCode, frameType, initialWindowBytes } from "../../../../src/fronts/http2/wire/protocol.js";
import { VirtualClock } from "../../../support/virtual-clock.js";
import { framesOf, HeldSocket } from "./reading-client.js";
import type { SentFrame } from "./reading-client.js";

export type Fields = readonly (readonly [name: string, value: string])[];

const request: Fields = [
  [":method", "POST"],
  [":scheme", "https"],
  [":path", "/"],
];

export interface TestClientOptions {
  /** Gets each request. @default does nothing */
  readonly request?: (request: BegunRequest) => void;
  /** @default 256 */
  readonly mostStreams?: number;
}

/** A client of the frames of one session, without a socket. */
export class TestClient {
  readonly clock = new VirtualClock();
  readonly socket = new HeldSocket();
  readonly output: SessionOutput;
  readonly frames: ClientFrames;
  /** The requests that the hub has got. */
  readonly requests: BegunRequest[] = [];
  /** The frames of the hub, in order. */
  readonly received: SentFrame[] = [];
  /** What the client may send on the connection, in bytes. */
  window: number = initialWindowBytes;
  #nextStream = 1;

  constructor({ request: take = () => undefined, mostStreams = 256 }: TestClientOptions = {}) {
    this.output = new SessionOutput(this.socket, () => undefined);
    this.frames = new ClientFrames({
      output: this.output,
      clock: this.clock,
      mostStreams,
      headBytes: 16_384,
      request: (begun) => {
        this.requests.push(begun);
        take(begun);
      },
      clientGoesAway: () => undefined,
      idle: () => undefined,
    });
    this.send(encodeSettings([]));
  }

  /** Sends frames. */
  send(bytes: Buffer): void {
    for (const frame of framesOf(bytes)) {
      if (frame.type === frameType.data) this.window -= frame.payload.length;
      this.frames.handle(frame);
    }
  }

  /** Begins a request. Returns the id of its stream. */
  begin(fields: Fields = request, isEnd = false): number {
    const id = this.#nextStream;
    this.#nextStream += 2;
    this.send(encodeHeaders(id, encodeFields(fields), isEnd));
    return id;
  }

  /** Sends DATA. */
  data(stream: number, bytes: number, { flags = 0 } = {}): void {
    this.send(dataFrame(stream, Buffer.alloc(bytes), flags));
  }

  reset(stream: number): void {
    this.send(encodeReset(stream, errorCode.cancel));
  }

  /** Gives bytes back to the hub; on the connection if `stream` is 0. */
  giveBack(stream: number, bytes: number): void {
    this.send(encodeWindowUpdate(stream, bytes));
  }

  /** Reads everything that the hub can send. Returns the new frames. */
  read(): readonly SentFrame[] {
    const before = this.received.length;
    do {
      this.output.flush();
      for (const bytes of this.socket.writes.splice(0)) this.received.push(...framesOf(Buffer.from(bytes)));
      this.socket.accept();
    } while (this.socket.isWriting || this.socket.writes.length > 0);
    const frames = this.received.slice(before);
    for (const { type, stream, payload } of frames)
      if (type === frameType.windowUpdate && stream === 0) this.window += payload.readUInt32BE(0);
    return frames;
  }
}

/** A DATA frame. */
export function dataFrame(stream: number, payload: Buffer, flags = 0): Buffer {
  const frame = Buffer.alloc(9 + payload.length);
  const at = writeFrameHead(frame, 0, { length: payload.length, type: frameType.data, flags, stream });
  payload.copy(frame, at);
  return frame;
}
