import type { Sequence } from "../../log/log.js";
import type { DiskFile } from "../files/files.js";
import { frameHeadBytes, parseRecordFrame, type FrameKey } from "./record-frame.js";

/** A frame, and where it lies in its file. */
export interface PlacedFrame {
  readonly sequence: Sequence;
  /** Shares memory with the other frames of the same call. */
  readonly payload: Buffer;
  readonly from: number;
  /** The position behind the frame. */
  readonly to: number;
}

export interface RecordReaderOptions {
  readonly key: FrameKey;
  /** The position of the first frame. */
  readonly from: number;
  /** The position behind the last frame. */
  readonly to: number;
  /** The bytes of one read. A larger frame is read at once. @default 1 MiB */
  readonly chunkBytes?: number;
}

/** A chunk costs less than a millisecond of CPU time: the CRC of 2 GiB takes a second. */
const defaultChunkBytes = 1024 * 1024;

/**
 * Reads the frames of a file, one chunk after the other. Skips damaged bytes: goes on with the next whole frame. The
 * positions of the frames show what was skipped.
 */
export class RecordReader {
  readonly #file: DiskFile;
  readonly #key: FrameKey;
  readonly #chunkBytes: number;
  #position: number;
  #end: number;

  constructor(file: DiskFile, options: RecordReaderOptions) {
    this.#file = file;
    this.#key = options.key;
    this.#chunkBytes = options.chunkBytes ?? defaultChunkBytes;
    this.#position = options.from;
    this.#end = options.to;
  }

  /** The next frames, in order of position. Empty at the end. */
  async next(): Promise<readonly PlacedFrame[]> {
    const frames: PlacedFrame[] = [];
    for (let wanted = this.#chunkBytes; frames.length === 0 && this.#position < this.#end;)
      wanted = this.#parse(await this.#load(wanted), frames);
    return frames;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #load(wanted: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(Math.min(wanted, this.#end - this.#position));
    const count = await this.#file.read(bytes, this.#position);
    if (count < bytes.length) this.#end = this.#position + count;
    return bytes.subarray(0, count);
  }

  /** Adds the whole frames. Returns the number of bytes that the next read needs. */
  #parse(bytes: Buffer, frames: PlacedFrame[]): number {
    const base = this.#position;
    let offset = 0;
    let wanted = this.#chunkBytes;
    while (offset < bytes.length) {
      const parsed = parseRecordFrame(this.#key, bytes, offset);
      if (parsed.kind === "short" && this.#mayHold(base + offset + parsed.bytes, bytes)) {
        wanted = Math.max(wanted, parsed.bytes);
        break;
      }
      if (parsed.kind !== "frame") {
        offset = this.#nextMarker(bytes, offset + 1);
        continue;
      }
      const { sequence, payload } = parsed;
      const from = base + offset;
      offset += frameHeadBytes + payload.length;
      frames.push({ sequence, payload, from, to: base + offset });
    }
    this.#position = base + offset;
    return wanted;
  }

  /** True if the bytes of a frame that ends at `end` can come with the next read. */
  #mayHold(end: number, bytes: Buffer): boolean {
    return end <= this.#end && this.#position + bytes.length < this.#end;
  }

  /** Where a frame may begin. The last bytes may be the start of a marker. */
  #nextMarker(bytes: Buffer, from: number): number {
    const { marker } = this.#key;
    const found = bytes.indexOf(marker, from);
    if (found !== -1) return found;
    const isLast = this.#position + bytes.length >= this.#end;
    return isLast ? bytes.length : Math.max(from, bytes.length - marker.length + 1);
  }
}
