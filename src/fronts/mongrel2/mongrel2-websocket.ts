import { isUtf8 } from "node:buffer";
import type { EndReason } from "../../delivery/connection.js";
import { tryResize } from "../../gateway/limits/body-budget.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { kindsOf, otherKindReason } from "../../gateway/websocket/message-kinds.js";
import type { MessageKind } from "../../gateway/websocket/message-kinds.js";
import { MessageQueue } from "../../gateway/websocket/message-queue.js";
import type { Dialogue, MessageResult } from "../../gateway/http/messages.js";
import type { TurnBudget } from "../../base/turn-budget.js";
import {
  closeCodes,
  endFrames,
  frameClose,
  framePong,
  mostControlBytes,
  opcodes,
} from "../../gateway/websocket/frame.js";

export interface Mongrel2WebSocketOptions {
  readonly dialogue: Dialogue;
  /** The time for handling messages in one turn of the event loop. All WebSockets of the front share this time. */
  readonly turnBudget: TurnBudget;
  /** The largest message, in bytes. */
  readonly messageBytes: number;
  /** Memory for messages that wait or are being handled. Mongrel2 does not stop reading while messages wait. */
  readonly reservation: BodyReservation;
  /** Writes an answer to the stream. */
  readonly onResult: (result: MessageResult) => boolean;
  /**
   * Called when the front has to close the stream. The front first sends the queued bytes and
   * {@link Mongrel2WebSocket.lastFrame}.
   */
  readonly end: () => void;
}

/**
 * One WebSocket behind Mongrel2. Mongrel2 joins the fragments of a message, but answers neither pings nor close frames.
 */
export class Mongrel2WebSocket {
  readonly #options: Mongrel2WebSocketOptions;
  readonly #messages: MessageQueue;
  #heldBytes = 0;
  #last: Buffer | undefined;

  constructor(options: Mongrel2WebSocketOptions) {
    this.#options = options;
    this.#messages = new MessageQueue({
      dialogue: options.dialogue,
      turnBudget: options.turnBudget,
      onResult: options.onResult,
      onIdle: () => this.#release(),
      onOverrun: () => this.#end(endFrames.misused),
    });
  }

  /** Call this method when answers have been written. */
  flushed(): void {
    this.#messages.flushed();
  }

  /** Handles a frame. Mongrel2 has already unmasked the frame, and joined its fragments. */
  onFrame(opcode: number, payload: Buffer): void {
    if (this.#last !== undefined) return;
    switch (opcode) {
      case opcodes.text:
        return this.#message("text", payload);
      case opcodes.ping:
        this.#options.onResult({ answer: framePong(payload.subarray(0, mostControlBytes)) });
        return;
      case opcodes.pong:
        return;
      case opcodes.close:
        return this.#end(frameClose(codeOf(payload)));
      case opcodes.binary:
        return this.#message("binary", payload);
      default:
        return this.#end(frameClose(closeCodes.protocolError));
    }
  }

  /** The last frame for the client. */
  lastFrame(reason: EndReason): Buffer {
    return this.#last ?? endFrames[reason];
  }

  /** Call this method when the stream has ended: no further message is handled. */
  over(): void {
    this.#messages.end();
    this.#release();
  }

  #release(): void {
    this.#heldBytes = 0;
    this.#options.reservation.resize(0);
  }

  #message(kind: MessageKind, payload: Buffer): void {
    const { messageBytes, reservation } = this.#options;
    const isText = kind === "text";
    const kinds = kindsOf(this.#options.dialogue);
    if (!kinds.includes(kind)) this.#end(frameClose(closeCodes.unsupported, otherKindReason(kinds, kind)));
    else if (payload.length > messageBytes) this.#end(frameClose(closeCodes.tooBig));
    else if (isText && !isUtf8(payload)) this.#end(frameClose(closeCodes.badText));
    else if (!tryResize(reservation, this.#heldBytes + payload.length)) this.#end(endFrames.full);
    else {
      this.#heldBytes += payload.length;
      this.#messages.take(isText ? payload.toString() : payload);
      if (!this.#messages.isBusy) this.#release();
    }
  }

  #end(lastFrame: Buffer): void {
    this.#last = lastFrame;
    this.over();
    this.#options.end();
  }
}

/**
 * The code for the answer to a close frame. The answer repeats the client's code. It has another code if the client
 * sent no code, or a code that must not be sent [RFC 6455 7.4].
 */
function codeOf(payload: Buffer): number {
  if (payload.length === 0) return closeCodes.normal;
  const code = payload.length < 2 ? 0 : payload.readUInt16BE(0);
  const isKnown = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return isKnown || (code >= 3000 && code <= 4999) ? code : closeCodes.protocolError;
}
