import { flag, mostFrameBytes } from "../wire/protocol.js";
import { SendWindow } from "./send-window.js";

const nothing = Buffer.alloc(0);

/** A part of a stream's bytes, for one frame. */
export interface DataPart {
  readonly output: DataOutput;
  readonly flags: number;
  readonly bytes: Buffer;
  /** True if nothing waited behind this part. */
  readonly isAll: boolean;
}

/**
 * The bytes of one stream that wait for the client's windows, as references to the buffers that were written. All members
 * of a cohort share these buffers.
 */
export class DataOutput {
  readonly id: number;
  readonly window: SendWindow;
  /** Called when the system has accepted everything that was written. */
  drained: () => void = () => undefined;
  /** True while the output is in the queue of its session. */
  isQueued = false;
  /** The first bytes that wait. Mostly these are all, so they need no array. */
  #first: Buffer | undefined;
  #others: Buffer[] | undefined;
  #waitingBytes = 0;
  #sentBytes = 0;
  #ends = false;
  #isClosed = false;

  constructor(id: number, windowBytes: number) {
    this.id = id;
    this.window = new SendWindow(windowBytes);
  }

  /** The bytes that are not in a frame yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The bytes that were put into frames. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** True when the last frame of the stream was taken. */
  get hasEnded(): boolean {
    return this.#ends && this.#waitingBytes === 0;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(bytes: Buffer): void {
    if (this.#isClosed || this.#ends || bytes.length === 0) return;
    if (this.#first === undefined) this.#first = bytes;
    else (this.#others ??= []).push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** The bytes that were added are the last of the stream. */
  end(): void {
    this.#ends = true;
  }

  /** Drops what waits. Nothing is sent on this stream from now on. */
  close(): void {
    this.#isClosed = true;
    this.#first = undefined;
    this.#others = undefined;
    this.#waitingBytes = 0;
  }

  /** The bytes that may be sent now: as the windows allow, and in each window at most {@link SendWindow.share}. */
  allowance(connection: SendWindow): number {
    // A client gives back bytes of the connection long before those of a stream with a larger window. So of all bytes
    // that this stream has on their way, some may no longer count for the connection.
    const onTheirWay = Math.min(this.window.onTheirWay, connection.onTheirWay);
    return Math.max(0, Math.min(this.ownAllowance, connection.available, connection.share - onTheirWay));
  }

  /** As {@link allowance}, without the window of the connection. */
  get ownAllowance(): number {
    const { available, share, onTheirWay } = this.window;
    return Math.max(0, Math.min(available, share - onTheirWay));
  }

  /** Takes the next part, of at most `most` bytes, and spends the windows. Call this method only if bytes wait. */
  take(most: number, connection: SendWindow): DataPart {
    const first = this.#first ?? nothing;
    const length = Math.min(most, mostFrameBytes);
    const bytes = first.length <= length ? first : first.subarray(0, length);
    this.#first = bytes === first ? this.#others?.shift() : first.subarray(bytes.length);
    this.#waitingBytes -= bytes.length;
    this.#sentBytes += bytes.length;
    this.window.spend(bytes.length);
    connection.spend(bytes.length);
    return {
      output: this,
      flags: this.hasEnded ? flag.endStream : 0,
      bytes,
      isAll: this.#waitingBytes === 0,
    };
  }
}
