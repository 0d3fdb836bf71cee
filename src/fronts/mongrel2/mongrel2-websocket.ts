import type { Clock } from "../../base/clock.js";
import { Lifetime } from "../../base/lifetime.js";
import type { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { Dialogue, MessageResult } from "../../gateway/http/messages.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { Conversation } from "../../gateway/websocket/conversation.js";
import { endFrames, frameClose, framePong, lossyEndFrames } from "../../gateway/websocket/frame.js";
import { closeCodes, encodeFrame, finalBit } from "../../gateway/websocket/frame.js";
import { FrameParser } from "../../gateway/websocket/frame-parser.js";
import { kindsOf } from "../../gateway/websocket/message-kinds.js";
import type { WebSocketFrame } from "./wire/request.js";

export interface Mongrel2WebSocketOptions {
  readonly dialogue: Dialogue;
  readonly clock: Clock;
  /** The time for frames in each turn, which all WebSockets of the front share. */
  readonly turns: TurnRotation;
  /** The largest message, in bytes. */
  readonly messageBytes: number;
  /** Reserves memory for frames that wait or are being handled, until the end of the lifetime. */
  readonly reservationFor: (lifetime: Lifetime) => BodyReservation;
  /** Writes an answer to the stream. Returns false if the next frame has to wait until the answer is written. */
  readonly onResult: (result: MessageResult) => boolean;
  /** Called when the front has to close the stream, after its answers and {@link Mongrel2WebSocket.lastFrame}. */
  readonly onEnd: () => void;
}

/** Bytes that may wait while earlier frames are handled. Mongrel2 does not stop reading from one client. */
const waitingBytes = 256 * 1024;

/**
 * One WebSocket behind Mongrel2. Mongrel2 joins the fragments of a message, but answers neither pings nor close frames.
 */
export class Mongrel2WebSocket {
  /** Ends when everything that the client sent is handled or dropped. */
  readonly lifetime = new Lifetime();
  readonly #options: Mongrel2WebSocketOptions;
  readonly #parser: FrameParser;
  readonly #conversation: Conversation;
  #last: Buffer | undefined;

  constructor(options: Mongrel2WebSocketOptions) {
    const { dialogue, messageBytes, reservationFor, onResult } = options;
    this.#options = options;
    this.#parser = new FrameParser({
      kinds: kindsOf(dialogue),
      messageBytes,
      waitingBytes,
      isMasked: false,
      reserve: () => reservationFor(this.lifetime),
    });
    this.#conversation = new Conversation({
      ...options,
      parser: this.#parser,
      lifetime: this.lifetime,
      onPings: (payloads) => onResult({ answer: Buffer.concat(payloads.map(framePong)) }),
      onIdle: () => undefined,
      onEnd: (lastFrame) => {
        this.#last = lastFrame;
        this.#options.onEnd();
      },
    });
  }

  /** Call this method when the head of the stream, or answers, are written. */
  flushed(): void {
    this.#conversation.flushed();
  }

  /**
   * Handles a frame. Mongrel2 has already unmasked the frame, and joined its fragments. Its first byte is that of the
   * first fragment, so the reserved bits of later fragments are unknown.
   */
  onFrame({ firstByte }: WebSocketFrame, payload: Buffer): void {
    this.#parser.add(encodeFrame(firstByte | finalBit, payload));
    this.#run();
  }

  /** Call this method for a frame that is too large for the link, or that Mongrel2 has reported in a wrong form. */
  onMalformed(reason: "too-large" | "malformed"): void {
    const code = reason === "too-large" ? closeCodes.tooBig : closeCodes.protocolError;
    this.#parser.breakOff(frameClose(code));
    this.#run();
  }

  /** The last frame for the client. The frames that are not handled yet are dropped. */
  lastFrame(reason: EndReason): Buffer {
    const frames = this.#conversation.hasUnanswered ? lossyEndFrames : endFrames;
    this.#conversation.end();
    return this.#last ?? frames[reason];
  }

  /** Call this method when the client has disconnected. The frames that it sent before are still handled. */
  closed(): void {
    this.#conversation.left();
  }

  #run(): void {
    this.#conversation.run();
    if (this.#conversation.isBusy) this.#parser.hold();
  }
}
