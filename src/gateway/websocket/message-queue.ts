import type { Dialogue, MessageResult } from "../http/messages.js";
import type { SocketMessage } from "./message-kinds.js";
import type { TurnBudget } from "../../base/turn-budget.js";

export interface MessageQueueOptions {
  readonly dialogue: Dialogue;
  /** The budget of time for messages in each turn of the event loop. All WebSockets of the front share this budget. */
  readonly turnBudget: TurnBudget;
  /**
   * Called with the result of each message, in order, until {@link MessageQueue.end}. Returns false if the next
   * message has to wait for {@link MessageQueue.flushed}.
   */
  readonly onResult: (result: MessageResult) => boolean;
  /** Called when no more messages are waiting. */
  readonly onIdle: () => void;
  /** Called when more messages are waiting than allowed. The queue has then ended. */
  readonly onOverrun: () => void;
}

/** The most messages that may wait: one read of a socket (64 KiB) can return this many messages of 16 bytes. */
const mostWaiting = 4096;
const mostWaitingBytes = 256 * 1024;

/**
 * Passes the messages of one client to its dialogue, one at a time and in order. The next message waits until:
 * - the message before it has a result,
 * - the client has received most of the answers so far,
 * - the turn of the event loop has time for the message.
 */
export class MessageQueue {
  readonly #options: MessageQueueOptions;
  #waiting: SocketMessage[] = [];
  #waitingBytes = 0;
  #busy = false;
  /** True while the queue waits until the client has received earlier answers. */
  #full = false;
  #ended = false;

  constructor(options: MessageQueueOptions) {
    this.#options = options;
  }

  /** True while a message is being handled, or is waiting. */
  get isBusy(): boolean {
    return this.#busy || this.#full;
  }

  take(message: SocketMessage): void {
    if (this.#ended) return;
    if (!this.isBusy) {
      this.#handle(message);
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
    if (this.#waiting.length <= mostWaiting && this.#waitingBytes <= mostWaitingBytes) return;
    this.end();
    this.#options.onOverrun();
  }

  /** Call this method when the client has received the answers. */
  flushed(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#next();
  }

  /** Drops all waiting messages. Call this method when the client has disconnected or the hub closes the connection. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
  }

  #handle(message: SocketMessage): void {
    const { dialogue } = this.#options;
    const result = typeof message === "string" ? dialogue.onText?.(message) : dialogue.onBytes?.(message);
    if (!(result instanceof Promise)) {
      if (result !== undefined) this.#deliver(result);
      if (this.#options.turnBudget.isUsedUp()) this.#pause();
      return;
    }
    this.#busy = true;
    void result.then((later) => {
      this.#deliver(later);
      if (this.#options.turnBudget.isUsedUp()) this.#pause();
      else this.#continue();
    });
  }

  #pause(): void {
    this.#busy = true;
    this.#options.turnBudget.nextTurn(() => this.#continue());
  }

  #continue(): void {
    this.#busy = false;
    this.#next();
  }

  #next(): void {
    while (!this.isBusy && !this.#ended) {
      const message = this.#waiting.shift();
      if (message === undefined) {
        this.#options.onIdle();
        return;
      }
      this.#waitingBytes -= message.length;
      this.#handle(message);
    }
  }

  #deliver(result: MessageResult): void {
    if (this.#ended) result.abandoned?.();
    else this.#full = !this.#options.onResult(result);
  }
}
