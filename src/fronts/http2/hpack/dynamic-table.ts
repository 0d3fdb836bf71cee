import type { Field } from "./static-table.js";

/** The size of an entry beyond its name and value, in bytes [RFC 7541 4.1]. */
const entryBytes = 32;

/** The dynamic table: the last fields of a connection, up to a size in bytes [RFC 7541 2.3.2, 4]. */
export class DynamicTable {
  /**
   * From the oldest to the newest entry. An eviction moves all others, which is cheap: a table of 4096 bytes has at
   * most 128 entries.
   */
  readonly #fields: Field[] = [];
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The field at `index`. The newest field has index 0. */
  at(index: number): Field | undefined {
    return this.#fields[this.#fields.length - 1 - index];
  }

  /** Evicts the oldest fields until `field` fits. A field that is larger than the table only empties it. */
  add(field: Field): void {
    const bytes = bytesOf(field);
    this.#evict(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    this.#fields.push(field);
    this.#bytes += bytes;
  }

  /** Sets the largest size, and evicts the oldest fields beyond it. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict(maxBytes);
  }

  /** Evicts fields until the table has at most `bytes`, or is empty. */
  #evict(bytes: number): void {
    while (this.#bytes > bytes) {
      const oldest = this.#fields.shift();
      if (oldest === undefined) return;
      this.#bytes -= bytesOf(oldest);
    }
  }
}

function bytesOf({ name, value }: Field): number {
  return name.length + value.length + entryBytes;
}
