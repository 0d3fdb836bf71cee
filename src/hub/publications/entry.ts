import type { Offset } from "./position.js";
import type { Publication } from "./publication.js";

/**
 * Memory for an entry without its text, in bytes: the entry, its publication, the topics array and the headers of
 * strings.
 */
const overheadBytes = 370;

/**
 * Memory for each topic without its text, in bytes: a string's header, and slots in the topics array and in the topic's
 * history.
 */
const topicBytes = 30;

/** Writes an entry as bytes. Each stream format is an encoder. */
export interface EventEncoder {
  /**
   * Writes a publication as an event, which moves the client's cursor to the publication. Formats with the same events
   * share the function, and so the bytes of each entry.
   */
  readonly event: (entry: Entry) => Buffer;
}

/** A publication with its position. Only a journal creates entries. */
export class Entry {
  readonly offset: Offset;
  /** The event id that clients see: the publisher's own id, or the position. */
  readonly id: string;
  readonly publication: Publication;
  /**
   * The time when the journal stored the entry, in milliseconds since 1970. With a log, this is the time of the log, which
   * never goes back; it may be minutes off the clock of this machine.
   */
  readonly atMs: number;
  /** The size of the entry, as all limits on bytes count it. */
  readonly bytes: number;
  /**
   * The number of this publication among the publications to its first topic, from 1. Private publications are counted
   * separately. The journal sets this number.
   */
  ordinal = 0;
  /** The number of topic histories that still hold the entry. The journal updates this number. */
  holders = 0;
  /**
   * The time when the hub got the entry, on the monotonic clock of this process, in milliseconds. The hub sets this
   * time. Waiting times count from it, because {@link atMs} may come from the clock of another machine.
   */
  appliedAtMs = 0;
  /**
   * The time that the journal needed to store the entry, in whole milliseconds: a fraction would need 16 bytes more. 0 in
   * memory, and for publications of other hubs. The journal sets this time.
   */
  storedInMs = 0;
  /** The number of connections that received the entry when it was published. The hub sets this number. */
  readers = 0;
  /** The number of cohorts in which the entry is pending. The hub updates this number. */
  pendingIn = 0;
  #encodedBy: EventEncoder["event"] | undefined;
  #encoded: Buffer | undefined;

  constructor(fields: Pick<Entry, "offset" | "id" | "publication" | "atMs">) {
    this.offset = fields.offset;
    this.id = fields.id;
    this.publication = fields.publication;
    this.atMs = fields.atMs;
    const { data, topics, type = "" } = fields.publication;
    const text = heldBytes(data) + fields.id.length + type.length;
    this.bytes = topics.reduce((sum, topic) => sum + topic.length + topicBytes, text + overheadBytes);
  }

  /** The time when this hub accepted the publication, or got it from another hub; otherwise as {@link appliedAtMs}. */
  get acceptedAtMs(): number {
    return this.appliedAtMs - this.storedInMs;
  }

  /**
   * Encodes the entry. The entry keeps the last bytes while the entry is pending in any cohort, so that cohorts with the
   * same events share one encoding. History holds text only: a small Buffer keeps a slab of 8 KiB in memory.
   */
  encodedAs({ event }: EventEncoder): Buffer {
    if (this.#encodedBy === event && this.#encoded !== undefined) return this.#encoded;
    const encoded = event(this);
    if (this.pendingIn > 0) {
      this.#encodedBy = event;
      this.#encoded = encoded;
    }
    return encoded;
  }

  /** Drops the encoded bytes. Called when no cohort needs these bytes any more. */
  forgetEncoded(): void {
    this.#encodedBy = undefined;
    this.#encoded = undefined;
  }
}

/** A text's memory in bytes: V8 uses one byte for each character if all characters are Latin-1, else two. */
function heldBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}
