import { CompactingQueue } from "../base/compacting-queue.js";

/** The most events of one message. */
const mostEvents = 1000;

/** The most bytes of one message. Many receivers take bodies of 1 MiB at most. */
const mostMessageBytes = 256 * 1024;

interface QueuedEvent {
  readonly json: string;
  readonly bytes: number;
}

/** Events in JSON that wait for their message. Events that do not fit are only counted. */
export class EventQueue {
  readonly #events = new CompactingQueue<QueuedEvent>();
  #bytes = 0;

  /** The events that wait. */
  get length(): number {
    return this.#events.length;
  }

  /** Memory of the events, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an event, unless the queue then has more than `mostBytes`. Returns false if the event was not added. */
  add(json: string, mostBytes: number): boolean {
    const bytes = Buffer.byteLength(json);
    if (this.#bytes + bytes > mostBytes) return false;
    this.#events.push({ json, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** Removes the first events that fit into one message, but at least one. */
  takeMessage(): readonly string[] {
    const taken: string[] = [];
    let bytes = 0;
    for (let next = this.#events.first; next !== undefined; next = this.#events.first) {
      if (taken.length >= mostEvents || (taken.length > 0 && bytes + next.bytes > mostMessageBytes)) break;
      this.#events.shift();
      bytes += next.bytes;
      taken.push(next.json);
    }
    this.#bytes -= bytes;
    return taken;
  }
}
