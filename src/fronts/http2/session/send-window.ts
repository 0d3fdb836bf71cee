import { mostWindowBytes } from "../wire/protocol.js";

/** A stream may have so many bytes on their way, whatever the size of its window. */
const leastShareBytes = 16_384;

/**
 * The bytes that the client accepts, on one stream or on the whole connection [RFC 9113 5.2]. The client gives bytes back
 * when it has read them.
 */
export class SendWindow {
  #available: number;
  #largest: number;
  #share: number;

  constructor(bytes: number) {
    this.#available = bytes;
    this.#largest = bytes;
    this.#share = shareOf(bytes);
  }

  /** The bytes that may be sent now. Negative after the client has made its windows smaller [RFC 9113 6.9.2]. */
  get available(): number {
    return this.#available;
  }

  /** The bytes that were sent and that the client has not given back. */
  get onTheirWay(): number {
    return this.#largest - this.#available;
  }

  /**
   * The most bytes that one stream may have on their way in this window: a little more than half. With less than that, a
   * client that gives bytes back in batches of half its window, as most do, would never give any back. With all, one
   * stream that nobody reads would use up the window of the connection.
   */
  get share(): number {
    return this.#share;
  }

  spend(bytes: number): void {
    this.#available -= bytes;
  }

  /** The client gives bytes back, or makes the window larger. Returns false if the window would be too large. */
  add(bytes: number): boolean {
    this.#available += bytes;
    if (this.#available > this.#largest) this.#setLargest(this.#available);
    return this.#available <= mostWindowBytes;
  }

  /** The client changes the size of its windows. Returns false if the window would be too large. */
  resize(difference: number): boolean {
    this.#available += difference;
    this.#setLargest(Math.max(0, this.#largest + difference, this.#available));
    return this.#available <= mostWindowBytes;
  }

  #setLargest(largest: number): void {
    this.#largest = largest;
    this.#share = shareOf(largest);
  }
}

function shareOf(windowBytes: number): number {
  return Math.max(leastShareBytes, Math.floor(windowBytes / 2) + 1);
}
