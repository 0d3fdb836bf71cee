import type { Socket } from "node:net";
import { messageOf } from "../../../base/errors.js";
import type { TurnRotation } from "../../../gateway/limits/turn-rotation.js";
import { HpackError } from "../hpack/hpack-decoder.js";
import { Http2FrameParser } from "../wire/http2-frame-parser.js";
import { encodeGoAway, encodePing, encodeSettings } from "../wire/frames.js";
import { ConnectionFault, errorCode, settingId } from "../wire/protocol.js";
import type { Http2ErrorCode } from "../wire/protocol.js";
import { ClientFrames } from "./client-frames.js";
import type { ClientFramesOptions } from "./client-frames.js";
import type { Http2Stream } from "./http2-stream.js";
import { SessionOutput } from "./session-output.js";

export interface Http2SessionOptions extends Pick<
  ClientFramesOptions,
  "clock" | "mostStreams" | "headBytes" | "request"
> {
  readonly socket: Socket;
  /** The time for the clients of the front in each turn. */
  readonly turns: TurnRotation;
  /** Asks for a call of {@link Http2Session.flush} at the end of the turn. */
  readonly schedule: (session: Http2Session) => void;
  /** Called once, when the socket is closed and all streams have ended. */
  readonly closed: (session: Http2Session) => void;
  /** Called when the session ends because of a fault of the client, with the reason. */
  readonly failed: (code: Http2ErrorCode, reason: string) => void;
  /** Called when the session ends because its client has vanished. */
  readonly vanished: () => void;
}

/** The time for a client to read the reason of the end, in milliseconds. */
const failWithinMs = 1000;

/** The time for a client to read the rest of its responses, in milliseconds. A hub that stops allows less. */
const endWithinMs = 10_000;

/** The most frames without fields in one step of the turn's rotation. */
const framesPerStep = 64;

/** One connection that speaks HTTP/2 [RFC 9113], the server's side. */
export class Http2Session {
  readonly socket: Socket;
  readonly output: SessionOutput;
  readonly answersPings = true;
  readonly #options: Http2SessionOptions;
  readonly #parser = new Http2FrameParser();
  readonly #frames: ClientFrames;
  #isRunning = false;
  #hasLeft = false;
  #isOver = false;

  constructor(options: Http2SessionOptions) {
    const { socket, schedule } = options;
    this.#options = options;
    this.socket = socket;
    this.output = new SessionOutput(socket, () => schedule(this));
    this.#frames = new ClientFrames({
      ...options,
      output: this.output,
      clientGoesAway: () => this.goAway(),
      idle: () => this.#endIfIdle(),
    });
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    // A client that ends its side reads no more answers.
    socket.once("end", () => this.#leave());
    socket.on("error", ignore);
    socket.once("close", () => this.#close());
    this.output.frame(
      encodeSettings([
        [settingId.maxConcurrentStreams, options.mostStreams],
        [settingId.maxHeaderListSize, options.headBytes],
      ]),
    );
  }

  /** The open streams. */
  get streams(): ReadonlyMap<number, Http2Stream> {
    return this.#frames.streams;
  }

  /** As {@link ClientFrames.lastStream}. */
  get lastStream(): number {
    return this.#frames.lastStream;
  }

  /** As {@link ClientFrames.isInHead}. */
  get isInHead(): boolean {
    return this.#frames.isInHead;
  }

  /** The answer to a ping shows that the client is still there [RFC 9113 6.7]. */
  ping(): void {
    this.output.frame(encodePing(Buffer.alloc(8), false));
  }

  /** Writes what waits. */
  flush(): void {
    this.output.flush();
  }

  /** Tells the client to send further requests on another connection. The session ends after its open streams. */
  goAway(): void {
    if (this.#frames.isGoingAway || this.#isOver) return;
    this.#frames.isGoingAway = true;
    this.output.frame(encodeGoAway(this.#frames.lastStream, errorCode.noError));
    this.#endIfIdle();
  }

  /** Ends the session and all its streams, and tells the client why. */
  disconnect(code: Http2ErrorCode): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.output.frame(encodeGoAway(this.#frames.lastStream, code));
    this.#endSocket(failWithinMs);
    this.#frames.closeStreams();
  }

  /** Closes the connection of a client that has vanished. */
  cutVanished(): void {
    this.#options.vanished();
    this.socket.destroy();
  }

  /** Closes the connection at once. */
  destroy(): void {
    this.socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#isOver) return;
    this.#parser.add(bytes);
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#options.turns.run(this.#step);
    // Further frames stay at the client until this turn's work is done.
    if (this.#isStillRunning()) this.socket.pause();
  }

  /** What the client has sent before is still handled. */
  #leave(): void {
    this.#hasLeft = true;
    if (!this.#isRunning) this.socket.destroy();
  }

  /** The type checker does not see that {@link #step} may change the field. */
  #isStillRunning(): boolean {
    return this.#isRunning;
  }

  /** Handles frames up to the end of the next header block. Returns true if there may be more. */
  readonly #step = (): boolean => {
    const before = this.#frames.blocks;
    for (let count = 0; count < framesPerStep && this.#frames.blocks === before; count += 1)
      if (!this.#handleNext()) {
        this.#isRunning = false;
        if (this.#hasLeft) this.socket.destroy();
        else if (this.socket.isPaused()) this.socket.resume();
        return false;
      }
    return true;
  };

  /** Returns false if there is no complete frame, or the session is over. */
  #handleNext(): boolean {
    try {
      const frame = this.#isOver ? undefined : this.#parser.next();
      if (frame === undefined) return false;
      this.#frames.handle(frame);
      return true;
    } catch (error) {
      this.#failWith(error);
      return false;
    }
  }

  #failWith(error: unknown): void {
    if (this.#isOver) return;
    const code = codeOf(error);
    this.#options.failed(code, messageOf(error));
    this.disconnect(code);
  }

  #endIfIdle(): void {
    if (!this.#frames.isGoingAway || this.streams.size > 0 || this.#isOver) return;
    this.#isOver = true;
    this.#endSocket(endWithinMs);
  }

  #endSocket(withinMs: number): void {
    const { clock } = this.#options;
    this.output.end();
    const late = clock.after(withinMs, () => this.socket.destroy());
    this.socket.once("close", () => late.cancel());
    // What the client still sends is dropped.
    this.socket.resume();
  }

  #close(): void {
    this.#isOver = true;
    this.#frames.closeStreams();
    this.#options.closed(this);
  }
}

function codeOf(error: unknown): Http2ErrorCode {
  if (error instanceof ConnectionFault) return error.code;
  return error instanceof HpackError ? errorCode.compressionError : errorCode.internalError;
}

/** Node closes the socket after an error. */
function ignore(): void {}
