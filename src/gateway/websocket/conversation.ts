import type { Clock } from "../../base/clock.js";
import type { Lifetime } from "../../base/lifetime.js";
import type { TurnRotation } from "../limits/turn-rotation.js";
import type { Dialogue, MessageResult } from "../http/messages.js";
import type { ClientFrame } from "./client-frame.js";
import type { FrameParser } from "./frame-parser.js";

export interface ConversationOptions {
  readonly parser: FrameParser;
  readonly dialogue: Dialogue;
  readonly clock: Pick<Clock, "after">;
  /** The time for frames in each turn of the event loop. All WebSockets of the front share this time. */
  readonly turns: TurnRotation;
  /** Ends when the client's last frame is handled, or {@link Conversation.end} drops the rest. */
  readonly lifetime: Lifetime;
  /**
   * Called with the result of each message, in order. Returns false if the next message has to wait for
   * {@link Conversation.flushed}.
   */
  readonly onResult: (result: MessageResult) => boolean;
  /** Called with the payloads of some pings, in order. Returns false as `onResult` does. */
  readonly onPings: (payloads: readonly Buffer[]) => boolean;
  /** Called when all frames so far are handled. */
  readonly onIdle: () => void;
  /** Called when the last frame is handled. `lastFrame` is the close frame for the client. */
  readonly onEnd: (lastFrame: Buffer) => void;
}

/**
 * The most frames without a message in one step. A step must be short, as other clients wait for it, and long enough
 * that pongs go out together: a write to a socket takes as long as parsing 30 pings.
 */
const framesPerStep = 32;

/**
 * The time for the frames of a client that has gone, in milliseconds. A publication waits for about this time at most
 * when the hub is too slow for its publishers.
 */
const handledWithinMs = 60_000;

/**
 * Handles what one WebSocket client sends, one frame at a time and in order. The next frame waits until:
 * - the message before it has a result,
 * - the client has received most of the answers so far, and before them the head of its stream,
 * - the turn of the event loop has time for the frame.
 *
 * Whatever has arrived before a close frame, a fault or the end of the connection is handled before it.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  #isQueued = false;
  #isHandling = false;
  /** True until the head of the stream is written, and while the client has to receive earlier answers. */
  #isFull = true;
  #hasLeft = false;
  readonly #step = (): boolean => (this.#isQueued = this.#advance());

  constructor(options: ConversationOptions) {
    this.#options = options;
  }

  /** True if frames have to wait. Read no more bytes from the client until `onIdle`. */
  get isBusy(): boolean {
    return this.#isQueued || this.#isHandling || this.#isFull;
  }

  /** True if the client sent something that has no answer yet. */
  get hasUnanswered(): boolean {
    return this.#isHandling || this.#options.parser.hasMore;
  }

  /** Handles the frames in the parser, in this turn or in later ones. Call this method after each change of the parser. */
  run(): void {
    if (this.isBusy || this.#options.lifetime.isOver) return;
    this.#isQueued = true;
    this.#options.turns.run(this.#step);
  }

  /** Call this method when the head of the stream is written, and when the client has received the answers. */
  flushed(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.run();
  }

  /** The client has gone. Its frames are still handled, but their results are abandoned. */
  left(): void {
    const { clock, lifetime, parser } = this.#options;
    if (lifetime.isOver || this.#hasLeft) return;
    this.#hasLeft = true;
    const late = clock.after(handledWithinMs, () => this.end());
    lifetime.onEnd(() => late.cancel());
    parser.end();
    this.#isFull = false;
    this.run();
  }

  /** Drops all frames that are not handled yet. */
  end(): void {
    this.#options.lifetime.end();
  }

  /** Returns true if there is more to do now. */
  #advance(): boolean {
    if (this.#options.lifetime.isOver) return false;
    const frame = this.#skipLight();
    if (frame !== undefined) this.#handle(frame);
    else if (!this.#isFull) this.#options.onIdle();
    return frame !== undefined && !this.#isHandling && !this.#isFull;
  }

  /** Returns the next frame with a message, or the last frame of the step. Pings are answered before it. */
  #skipLight(): ClientFrame | undefined {
    const pings: Buffer[] = [];
    let frame: ClientFrame | undefined;
    for (let count = 0; count < framesPerStep; count += 1) {
      frame = this.#options.parser.next();
      if (frame?.kind === "ping") pings.push(frame.payload);
      else if (frame?.kind !== "part") break;
    }
    if (pings.length > 0 && !this.#hasLeft) this.#isFull = !this.#options.onPings(pings);
    return frame;
  }

  #handle(frame: ClientFrame): void {
    const { dialogue, lifetime, onEnd } = this.#options;
    switch (frame.kind) {
      case "text":
        return this.#take(dialogue.onText?.(frame.payload.toString()));
      case "binary":
        return this.#take(dialogue.onBytes?.(frame.payload));
      case "end":
        lifetime.end();
        return onEnd(frame.lastFrame);
      case "ping":
      case "part":
        return;
      default:
        return frame satisfies never;
    }
  }

  #take(result: MessageResult | Promise<MessageResult> | undefined): void {
    if (!(result instanceof Promise)) {
      if (result !== undefined) this.#deliver(result);
      return;
    }
    this.#isHandling = true;
    void result.then((later) => {
      this.#isHandling = false;
      this.#deliver(later);
      this.run();
    });
  }

  #deliver(result: MessageResult): void {
    if (this.#hasLeft || this.#options.lifetime.isOver) result.abandoned?.();
    else this.#isFull = !this.#options.onResult(result);
  }
}
