import { PharosError } from "../../base/errors.js";
import { KiB } from "../../limits/limit.js";
import type { BodyReservation } from "./body-budget.js";

export interface BodyBufferOptions {
  readonly reservation: BodyReservation;
  /** The most bytes of the whole body. */
  readonly mostBytes: number;
  /** Bytes that the body may use without a reservation. @default 0 */
  readonly freeBytes?: number;
}

/** The first block. A smaller block needs about as much memory for its bookkeeping. */
const leastBlockBytes = 1 * KiB;
const mostBlockBytes = 64 * KiB;

/**
 * The bytes of one body or message that arrive in pieces of any size. The buffer copies the pieces into blocks, since
 * each piece that is kept needs about 100 bytes, and may keep 64 KiB alive. The blocks have at most twice the bytes of
 * the body plus {@link leastBlockBytes}; {@link BodyBuffer.join} briefly needs the bytes of the body once more.
 */
export class BodyBuffer {
  readonly #options: Required<BodyBufferOptions>;
  #blocks: Buffer[] = [];
  #capacity = 0;
  #length = 0;

  constructor(options: BodyBufferOptions) {
    this.#options = { freeBytes: 0, ...options };
  }

  /** The number of bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** The bytes of memory that the buffer uses now. */
  get heldBytes(): number {
    return this.#capacity;
  }

  /**
   * Copies these bytes to the end of the body.
   *
   * @throws PharosError `too-large` if the body is larger than allowed, `too-many-bodies` if there is no memory for it.
   *   The buffer is then unchanged.
   */
  append(bytes: Buffer): void {
    const { mostBytes } = this.#options;
    if (this.#length + bytes.length > mostBytes)
      throw new PharosError("too-large", `the body of a request may have at most ${mostBytes} bytes`);
    const fits = Math.min(bytes.length, this.#capacity - this.#length);
    const block = fits < bytes.length ? this.#allocate(bytes.length - fits) : undefined;
    this.#write(bytes.subarray(0, fits));
    if (block === undefined) return;
    this.#blocks.push(block);
    this.#capacity += block.length;
    this.#write(bytes.subarray(fits));
  }

  /** Returns all bytes, and empties the buffer. The caller keeps the reservation until {@link BodyBuffer.release}. */
  join(): Buffer {
    const [first] = this.#blocks;
    const joined =
      this.#blocks.length === 1 && first !== undefined
        ? first.subarray(0, this.#length)
        : Buffer.concat(this.#blocks, this.#length);
    this.#empty();
    return joined;
  }

  /** Drops all bytes, and releases their memory and that of bytes that {@link BodyBuffer.join} has returned. */
  release(): void {
    this.#empty();
    this.#options.reservation.resize(0);
  }

  #allocate(leastBytes: number): Buffer {
    const { reservation, freeBytes, mostBytes } = this.#options;
    const wanted = Math.max(leastBytes, Math.min(this.#capacity, mostBlockBytes), leastBlockBytes);
    const bytes = Math.min(wanted, mostBytes - this.#capacity);
    reservation.resize(Math.max(0, this.#capacity + bytes - freeBytes));
    // A block of Buffer's shared pool would keep 8 KiB alive.
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Writes bytes that fit into the last block. */
  #write(bytes: Buffer): void {
    const last = this.#blocks.at(-1);
    if (last === undefined) return;
    bytes.copy(last, last.length - (this.#capacity - this.#length));
    this.#length += bytes.length;
  }

  #empty(): void {
    this.#blocks = [];
    this.#capacity = 0;
    this.#length = 0;
  }
}
