import type { Offset } from "./position.js";
import type { Publication } from "./publication.js";

/** What an entry costs beside its text: the entry, its publication, topics array and strings' headers. */
const overheadBytes = 370;

/** What each topic costs beside its text: a string's header, slots in the topics array and in the topic's history. */
const topicBytes = 30;

/** Turns an entry into bytes; a format of streams is one. */
export interface EventEncoder {
  /** A publication; the client's cursor moves to it. */
  event(entry: Entry): Buffer;
}

/** A publication that has its place in the journal. Made by the journal only. */
export class Entry {
  readonly offset: Offset;
  /** The event id as clients see it: the publisher's own, or the position. */
  readonly id: string;
  readonly publication: Publication;
  /** When the journal took it, milliseconds since 1970. */
  readonly atMs: number;
  /** What it counts for in every limit on bytes. */
  readonly bytes: number;
  /** Which publication to its first topic it is, from 1; those that are private are counted apart. Set by the journal. */
  ordinal = 0;
  /** How many topics' histories still hold it; kept by the journal. */
  holders = 0;
  /** How many connections it went to when it was published; kept by the hub. */
  readers = 0;
  /** How many cohorts have it pending; kept by the hub. */
  pendingIn = 0;
  #encoder: EventEncoder | undefined;
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

  /**
   * The entry as bytes. They are kept while the entry is pending anywhere, so that each publication is encoded once
   * per format; history holds text only, since small buffers would each keep a whole 8 KiB slab alive.
   */
  encodedAs(encoder: EventEncoder): Buffer {
    if (this.#encoder === encoder && this.#encoded !== undefined) return this.#encoded;
    const encoded = encoder.event(this);
    if (this.pendingIn > 0) {
      this.#encoder = encoder;
      this.#encoded = encoded;
    }
    return encoded;
  }

  /** Drops the encoded bytes once nobody waits for them. */
  forgetEncoded(): void {
    this.#encoder = undefined;
    this.#encoded = undefined;
  }
}

/** What a text costs in memory: one byte a character, or two where a character is not Latin. */
function heldBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}
