import { CompactingQueue } from "../../../base/compacting-queue.js";
import { writeFrameHead } from "../wire/frames.js";
import { frameHeaderBytes, frameType, initialWindowBytes } from "../wire/protocol.js";
import { SendWindow } from "./send-window.js";
import type { DataPart, DataOutput } from "./data-output.js";
import { WriteBuffers } from "./write-buffers.js";

/**
 * The most bytes of data in one write to the socket: four TLS records. The next write follows when the kernel has
 * accepted the one before. So a session holds at most these bytes as a copy, and everything else as references.
 */
const writeBytes = 64 * 1024;

/** The buffers of all sessions of this process. */
const buffers = new WriteBuffers();

/** The part of a socket that the output needs. */
export interface OutputSocket {
  readonly destroyed: boolean;
  /** Calls `accepted` when the system has accepted the bytes. */
  write(bytes: Buffer, accepted: (error?: Error | null) => void): unknown;
  end(): unknown;
}

/**
 * Writes the frames of one session to its socket: first the frames of the session and the heads of streams, then the data
 * of all streams in rotation, one frame of each.
 */
export class SessionOutput {
  /** The window of the connection. */
  readonly window = new SendWindow(initialWindowBytes);
  readonly #socket: OutputSocket;
  readonly #askForFlush: () => void;
  #frames: Buffer[] = [];
  #frameBytes = 0;
  readonly #queue = new CompactingQueue<DataOutput>();
  /** The streams that have their share of the connection's window, and wait until it grows. */
  readonly #held = new Set<DataOutput>();
  #dataBytes = 0;
  #isScheduled = false;
  #isWriting = false;
  #isEnding = false;

  /** @param schedule called when {@link flush} has something to write, once before each flush */
  constructor(socket: OutputSocket, schedule: () => void) {
    this.#socket = socket;
    this.#askForFlush = schedule;
  }

  /** The bytes of frames without data that wait for the client to read. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** The bytes of data that were written so far. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  /** True if data waits, and the client lets no byte of it through. */
  get isBlocked(): boolean {
    return this.#queue.length > 0 && this.isUsedUp;
  }

  /** True if the client accepts no data on any stream. */
  get isUsedUp(): boolean {
    return this.window.available <= 0 && !this.#isEnding;
  }

  /** True while the kernel has not accepted the last write. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Writes a frame without data, before the data that waits. */
  frame(bytes: Buffer): void {
    this.#frames.push(bytes);
    this.#frameBytes += bytes.length;
    this.#schedule();
  }

  /** Call this method when a stream has data, or its own window has grown. */
  proceed(stream: DataOutput): void {
    if (stream.isClosed || stream.waitingBytes === 0) return;
    if (stream.isQueued && !this.#held.delete(stream)) return;
    stream.isQueued = true;
    this.#queue.push(stream);
    this.#schedule();
  }

  /** Call this method when a stream is closed. */
  remove(stream: DataOutput): void {
    if (!stream.isQueued) return;
    stream.isQueued = false;
    if (!this.#held.delete(stream)) this.#queue.retainOnly((each) => each !== stream);
  }

  /** Call this method when the window of the connection has grown. */
  resume(): void {
    for (const stream of this.#held) this.#queue.push(stream);
    this.#held.clear();
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Ends the socket when everything is written that the windows allow. */
  end(): void {
    this.#isEnding = true;
    this.#schedule();
  }

  /** Writes what the windows allow, unless the last write is still under way. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#isWriting || this.#socket.destroyed) return;
    const parts = this.#takeParts();
    const bytes = this.#join(parts);
    if (bytes.length > 0) {
      this.#isWriting = true;
      this.#socket.write(bytes, (error) => {
        // After an error, nothing follows, and the system may still read the buffer.
        if (error instanceof Error || this.#socket.destroyed) return;
        buffers.giveBack(bytes);
        this.#written(parts);
      });
    } else if (this.#isEnding) this.#socket.end();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#askForFlush();
  }

  #takeParts(): readonly DataPart[] {
    const parts: DataPart[] = [];
    let room = writeBytes;
    while (room > 0 && this.window.available > 0) {
      const stream = this.#queue.shift();
      if (stream === undefined) break;
      stream.isQueued = false;
      if (stream.isClosed) continue;
      const allowed = Math.min(room, stream.allowance(this.window));
      if (allowed === 0) {
        this.#setAside(stream);
        continue;
      }
      const part = stream.take(allowed, this.window);
      parts.push(part);
      room -= part.bytes.length;
      if (part.isAll) continue;
      stream.isQueued = true;
      this.#queue.push(stream);
    }
    this.#dataBytes += writeBytes - room;
    return parts;
  }

  /** The stream comes back when the window grows that stops it. */
  #setAside(stream: DataOutput): void {
    if (stream.ownAllowance === 0) return;
    stream.isQueued = true;
    this.#held.add(stream);
  }

  #join(parts: readonly DataPart[]): Buffer {
    const frames = this.#frames;
    let length = this.#frameBytes;
    this.#frames = [];
    this.#frameBytes = 0;
    for (const { bytes } of parts) length += frameHeaderBytes + bytes.length;
    const joined = buffers.take(length);
    let at = 0;
    for (const frame of frames) at += frame.copy(joined, at);
    for (const { output, flags, bytes } of parts) {
      at = writeFrameHead(joined, at, {
        length: bytes.length,
        type: frameType.data,
        flags,
        stream: output.id,
      });
      joined.set(bytes, at);
      at += bytes.length;
    }
    return joined;
  }

  #written(parts: readonly DataPart[]): void {
    this.#isWriting = false;
    for (const { output, isAll } of parts)
      if (isAll && !output.isClosed && output.waitingBytes === 0) output.drained();
    if (this.#frameBytes > 0 || this.#queue.length > 0 || this.#isEnding) this.flush();
  }
}
