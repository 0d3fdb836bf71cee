import { isUtf8 } from "node:buffer";
import type { EndReason } from "../../fanout/connection.js";
import type { Joining } from "../../hub/cohort.js";
import { Conversation } from "../../gateway/conversation.js";
import type { Dialogue, Said } from "../../gateway/messages.js";
import type { TalkTime } from "../../gateway/talk-time.js";
import {
  closeCodes,
  endFrames,
  frameClose,
  framePong,
  mostControlBytes,
  opcodes,
} from "../../gateway/websocket-frame.js";

export interface WebSocketClientOptions {
  readonly dialogue: Dialogue;
  /** That of all who talk at this front. */
  readonly time: TalkTime;
  /** Something goes out on the stream. */
  readonly say: (said: Said) => boolean;
  /** The stream is to be closed, behind what it is being sent and {@link WebSocketClient.lastFrame}. */
  readonly end: () => void;
}

/** The most bytes of one message, as at the HTTP front. */
const mostMessageBytes = 256 * 1024;

/** What one WebSocket's client sends through Mongrel2, which joins its pieces and answers neither pings nor closes. */
export class WebSocketClient {
  readonly #options: WebSocketClientOptions;
  readonly #conversation: Conversation<Joining>;
  #last: Buffer | undefined;

  constructor(options: WebSocketClientOptions) {
    this.#options = options;
    this.#conversation = new Conversation({
      dialogue: options.dialogue,
      time: options.time,
      said: options.say,
      idle: () => undefined,
      overrun: () => this.#end(endFrames.misused),
    });
  }

  /** Answers have gone out. */
  flushed(): void {
    this.#conversation.flushed();
  }

  /** A frame that was unmasked, and joined where it was a piece. */
  take(opcode: number, payload: Buffer): void {
    if (this.#last !== undefined) return;
    switch (opcode) {
      case opcodes.text:
        return this.#text(payload);
      case opcodes.ping:
        this.#options.say({ answer: framePong(payload.subarray(0, mostControlBytes)) });
        return;
      case opcodes.pong:
        return;
      case opcodes.close:
        return this.#end(frameClose(codeOf(payload)));
      case opcodes.binary:
        return this.#end(frameClose(closeCodes.unsupported, "messages are text"));
      default:
        return this.#end(frameClose(closeCodes.protocolError));
    }
  }

  /** What the client is told last. */
  lastFrame(reason: EndReason): Buffer {
    return this.#last ?? endFrames[reason];
  }

  /** The stream has ended: nothing else is worked on. */
  over(): void {
    this.#conversation.end();
  }

  #text(payload: Buffer): void {
    if (payload.length > mostMessageBytes) this.#end(frameClose(closeCodes.tooBig));
    else if (!isUtf8(payload)) this.#end(frameClose(closeCodes.badText));
    else this.#conversation.take(payload.toString());
  }

  #end(lastFrame: Buffer): void {
    this.#last = lastFrame;
    this.#conversation.end();
    this.#options.end();
  }
}

/** The code to answer a close with: its own, unless it has none or one that may not be sent [RFC 6455 7.4]. */
function codeOf(payload: Buffer): number {
  if (payload.length === 0) return closeCodes.normal;
  const code = payload.length < 2 ? 0 : payload.readUInt16BE(0);
  const isKnown = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return isKnown || (code >= 3000 && code <= 4999) ? code : closeCodes.protocolError;
}
