import type { Peer } from "../../src/workers/ipc/peer.js";

/**
 * One direction between a hub and a worker. Messages arrive in order, as text and bytes, as many at a time as the
 * schedule says. Those that arrive together arrive without a promise callback in between, as from {@link ZeroMqPeer}.
 */
export class ScheduledWay<Message> implements Peer<Message> {
  readonly #take: (message: Message, body: Buffer) => void;
  readonly #sent: { readonly text: string; readonly body: Buffer }[] = [];

  constructor(take: (message: Message, body: Buffer) => void) {
    this.#take = take;
  }

  get isEmpty(): boolean {
    return this.#sent.length === 0;
  }

  send(message: Message, body = Buffer.alloc(0)): void {
    this.#sent.push({ text: JSON.stringify(message), body });
  }

  /** Delivers the next messages. @default all messages sent so far */
  deliver(messages = Number.POSITIVE_INFINITY): void {
    for (const { text, body } of this.#sent.splice(0, messages))
      this.#take(JSON.parse(text) as Message, body);
  }
}
