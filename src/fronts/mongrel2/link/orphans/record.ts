import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../../../base/clock.js";
import { encodeIds, encodeStay, encodeTime, parseRecord, recordHead, type Stay } from "./record-text.js";

export interface OpenRecordOptions {
  /** The path of the file; its folder is created. If undefined, the record is kept in memory. */
  readonly file?: string | undefined;
  /** The limit of ids in the record. Above this limit, the record ignores further ids. */
  readonly maxIds: number;
  /** Called when the file cannot be used. The record stays in memory, and tries the file again every 10 seconds. */
  readonly failed: (error: unknown) => void;
  /** Called when the file can be used again. */
  readonly recovered: () => void;
  readonly clock: Pick<Clock, "monotonic">;
}

/** A file below this size is not worth rewriting. */
const compactFromBytes = 64 * 1024;
/**
 * The interval at which the file gets the time when the server was last heard, in milliseconds. Each write has 15
 * bytes.
 */
const heardEveryMs = 1_000;
/** The time between two attempts to use a file that failed, in milliseconds. */
const retryEveryMs = 10_000;

/**
 * Records the connections with an open stream in a file that survives a crash of this process. The record groups the
 * connections by stay, the time of one connection of the link (see {@link Stay}). `flush` writes all collected changes
 * at once. Call `flush` before you send the bytes that open a stream, so that the file contains every open stream after
 * a crash. The record does not sync the file to the disk, since a machine that loses its page cache also loses its
 * connections.
 */
export class OpenRecord {
  readonly #options: OpenRecordOptions;
  #past: Stay[];
  #current: Stay | undefined;
  #pending = "";
  #opened: number[] = [];
  #gone: number[] = [];
  #fd: number | undefined;
  #isFailing = false;
  #retryAtMs = 0;
  #isClosed = false;
  #sizeBytes = 0;
  #timeAt = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** Reads the record of an earlier process. Never throws: without a usable file, the record is kept in memory. */
  constructor(options: OpenRecordOptions) {
    this.#options = options;
    this.#past = this.#load();
    this.#rewrite();
  }

  /** Earlier stays, oldest first. The ids of earlier stays are orphans until `settle`. */
  get past(): readonly Stay[] {
    return this.#past;
  }

  /**
   * Begins a stay. Ids that are added from now on belong to this stay. The link has not heard the server during this
   * stay yet.
   */
  begin(mark: string): void {
    this.end();
    this.#current = { heardAt: 0, mark, ids: new Set() };
    this.#writtenAt = Number.NEGATIVE_INFINITY;
    this.#rewrite();
  }

  /** Ends the current stay. The ids that are still open become orphans. */
  end(): void {
    this.flush();
    if (this.#current !== undefined && this.#current.ids.size > 0) this.#past.push(this.#current);
    this.#current = undefined;
  }

  add(id: number): void {
    if (this.#current === undefined || this.#current.ids.has(id)) return;
    if (this.#current.ids.size >= this.#options.maxIds) return;
    if (this.#gone.length > 0) this.#collect();
    this.#current.ids.add(id);
    this.#opened.push(id);
  }

  remove(id: number): void {
    if (this.#current?.ids.delete(id) !== true) return;
    if (this.#opened.length > 0) this.#collect();
    this.#gone.push(id);
  }

  /**
   * Removes orphans that the link has freed, that have ended, or that have sent a new request. A stay without ids is
   * removed.
   */
  settle(stay: Stay, ids: Iterable<number>): void {
    for (const id of ids) stay.ids.delete(id);
    if (stay.ids.size > 0) return;
    this.#past = this.#past.filter((other) => other !== stay);
    this.flush();
    this.#rewrite();
  }

  /**
   * Records that the server was alive at this time, to distinguish orphans from other clients. This method may be
   * called often, because it writes to the file at most once a second.
   */
  heard(heardAt: number): void {
    if (this.#current === undefined) return;
    this.#current.heardAt = heardAt;
    if (Math.abs(heardAt - this.#writtenAt) < heardEveryMs) return;
    this.#writtenAt = heardAt;
    if (this.#isDeleted()) this.#rewrite();
    else this.#write(encodeTime(heardAt), this.#timeAt);
  }

  /** True if another program has deleted the file, so that the next process would not find the record. */
  #isDeleted(): boolean {
    return this.#fd !== undefined && fstatSync(this.#fd).nlink === 0;
  }

  /** Writes the collected changes. After a failure, writes the whole record if it is time for another attempt. */
  flush(): void {
    this.#collect();
    if (this.#isFailing) {
      this.#pending = "";
      if (this.#options.clock.monotonic() >= this.#retryAtMs) this.#rewrite();
      return;
    }
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#write(text, this.#sizeBytes);
    this.#sizeBytes += text.length;
    if (this.#sizeBytes > this.#compactAtBytes()) this.#rewrite();
  }

  /** Writes the last changes and closes the file. Safe to call twice. */
  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#closeFile();
  }

  #load(): Stay[] {
    const { file } = this.#options;
    let stays: Stay[] = [];
    if (file !== undefined)
      this.#guard(() => {
        if (existsSync(file)) stays = parseRecord(readFileSync(file, "latin1"));
      });
    return stays;
  }

  /**
   * Moves the ids of the lists `#opened` and `#gone` to `#pending`. One list is empty whenever the other list grows, so
   * that the file keeps the order of the changes.
   */
  #collect(): void {
    this.#pending += encodeIds("-", this.#gone) + encodeIds("+", this.#opened);
    this.#gone = [];
    this.#opened = [];
  }

  /**
   * The file size above which the record rewrites the file: four times the size of the ids. At this size, rewriting
   * costs less than writing the line of each id twice.
   */
  #compactAtBytes(): number {
    let ids = this.#current?.ids.size ?? 0;
    for (const stay of this.#past) ids += stay.ids.size;
    return Math.max(compactFromBytes, 4 * 8 * ids);
  }

  /** Writes a second file and renames it, so that a crash leaves either the old or the new file, complete. */
  #rewrite(): void {
    const { file } = this.#options;
    if (file === undefined || this.#isClosed) return;
    const past = recordHead + this.#past.map(encodeWhole).join("");
    const text = this.#current === undefined ? past : past + encodeWhole(this.#current);
    this.#guard(() => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, text, "latin1");
      renameSync(`${file}.new`, file);
      this.#closeFile();
      this.#fd = openSync(file, "r+");
      this.#sizeBytes = fstatSync(this.#fd).size;
      this.#timeAt = past.length + 1;
      if (this.#isFailing) this.#options.recovered();
      this.#isFailing = false;
    });
  }

  #write(text: string, position: number): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#guard(() => {
      // On a full disk, the system may write only the beginning, without an error.
      if (writeSync(fd, text, position, "latin1") < text.length) throw new Error("the disk is full");
    });
  }

  #guard(use: () => void): void {
    try {
      use();
    } catch (error) {
      this.#closeFile();
      this.#retryAtMs = this.#options.clock.monotonic() + retryEveryMs;
      if (!this.#isFailing) this.#options.failed(error);
      this.#isFailing = true;
    }
  }

  #closeFile(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function encodeWhole(stay: Stay): string {
  return encodeStay(stay) + encodeIds("+", stay.ids);
}
