import type { Dialogue, MessageResult } from "../http/messages.js";
import type { SocketMessage } from "./message-kinds.js";
import type { TurnBudget } from "../../base/turn-budget.js";

export interface MessageQueueOptions {
  readonly dialogue: Dialogue;
  /** The time for messages in each turn, which all WebSockets of the front share. */
  readonly turnBudget: TurnBudget;
  /**
   * What becomes of a message; not called when the conversation is over. False when the next has to wait for
   * {@link MessageQueue.flushed}.
   */
  readonly said: (said: MessageResult) => boolean;
  /** Nothing waits any more, after something had to. */
  readonly idle: () => void;
  /** The client has sent more than may wait. */
  readonly overrun: () => void;
}

/** Messages that wait for one before them: as many as one read of a socket brings (64 KiB), of 16 bytes each. */
const mostWaiting = 4096;
const mostWaitingBytes = 256 * 1024;

/**
 * One message after the other of one client, in order, each when the one before is answered, and its answer and those
 * before it have gone out or are few; those for which a turn of the event loop has no time left wait for the next.
 */
export class MessageQueue {
  readonly #options: MessageQueueOptions;
  #waiting: SocketMessage[] = [];
  #waitingBytes = 0;
  #busy = false;
  /** Answers have to go out first. */
  #full = false;
  #over = false;

  constructor(options: MessageQueueOptions) {
    this.#options = options;
  }

  /** True while a message is worked on, or waits. */
  get isBusy(): boolean {
    return this.#busy || this.#full;
  }

  take(message: SocketMessage): void {
    if (this.#over) return;
    if (!this.isBusy) {
      this.#work(message);
      return;
    }
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
    if (this.#waiting.length <= mostWaiting && this.#waitingBytes <= mostWaitingBytes) return;
    this.end();
    this.#options.overrun();
  }

  /** Answers have gone out. */
  flushed(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#next();
  }

  /** The client is gone, or is being closed: nothing else is worked on. */
  end(): void {
    this.#over = true;
    this.#waiting = [];
  }

  #work(message: SocketMessage): void {
    const { dialogue } = this.#options;
    const said = typeof message === "string" ? dialogue.take?.(message) : dialogue.takeBytes?.(message);
    if (!(said instanceof Promise)) {
      if (said !== undefined) this.#tell(said);
      if (this.#options.turnBudget.isUsedUp()) this.#rest();
      return;
    }
    this.#busy = true;
    void said.then((later) => {
      this.#tell(later);
      if (this.#options.turnBudget.isUsedUp()) this.#rest();
      else this.#goOn();
    });
  }

  #rest(): void {
    this.#busy = true;
    this.#options.turnBudget.nextTurn(() => this.#goOn());
  }

  #goOn(): void {
    this.#busy = false;
    this.#next();
  }

  #next(): void {
    while (!this.isBusy && !this.#over) {
      const message = this.#waiting.shift();
      if (message === undefined) {
        this.#options.idle();
        return;
      }
      this.#waitingBytes -= message.length;
      this.#work(message);
    }
  }

  #tell(said: MessageResult): void {
    if (this.#over) said.abandoned?.();
    else this.#full = !this.#options.said(said);
  }
}
