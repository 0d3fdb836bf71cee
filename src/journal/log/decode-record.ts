import { isUtf8 } from "node:buffer";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { PlainTopics } from "./plain-publication.js";
import { badLine, parseHead, parseItem, parseLoggedPublication } from "./record-lines.js";
import { publicationsPerRecord } from "./record.js";
import type { LoggedPublication, LogItem, LogRecord, RecordHead } from "./record.js";

/** The bytes that one step of {@link decodeInSteps} decodes, in whole lines. A step of small publications takes 1 ms. */
const stepBytes = 64 * 1024;

const lineFeed = 0x0a;

/**
 * Reads a record.
 *
 * @throws PharosError `newer-format` for a record that a newer version wrote; `bad-record` for anything else that
 *   `encodeRecord` does not write
 */
export function decodeRecord(payload: Buffer): LogRecord {
  const steps = decodeInSteps(payload);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As {@link decodeRecord}, in steps of about a millisecond. The caller can pause after each step. */
export function* decodeInSteps(payload: Buffer): Generator<undefined, LogRecord> {
  if (!isUtf8(payload)) throw new PharosError("bad-record", "a record of the log is not valid UTF-8");
  let at = endOfLine(payload, 0);
  const decoder = new RecordDecoder(parseHead(payload.toString("utf8", 0, at)));
  for (let pauseAt = stepBytes; at < payload.length;) {
    const end = endOfLine(payload, at);
    decoder.take(payload.toString("utf8", at, end));
    at = end;
    if (at < pauseAt) continue;
    pauseAt = at + stepBytes;
    yield undefined;
  }
  return decoder.end();
}

/**
 * Reads only the first line of a record: who appended the record, and when.
 *
 * @throws as {@link decodeRecord}
 */
export function decodeHead(payload: Buffer): RecordHead {
  return parseHead(payload.toString("utf8", 0, endOfLine(payload, 0)));
}

/** The index after the line's line feed. */
export function endOfLine(payload: Buffer, start: number): number {
  const end = payload.indexOf(lineFeed, start);
  if (end !== -1) return end + 1;
  throw badLine(payload.toString("utf8", start, start + 200));
}

/** Collects the lines of a record after the first one. */
class RecordDecoder {
  readonly #head: RecordHead;
  readonly #items: LogItem[] = [];
  /** The publications so far of the group that is being read. */
  #group: LoggedPublication[] = [];
  /** The number of publications that are missing in this group. */
  #missing = 0;
  #publications = 0;
  readonly #topics: PlainTopics = new Map();

  constructor(head: RecordHead) {
    this.#head = head;
  }

  take(line: string): void {
    if (this.#missing === 0) return this.#begin(line);
    this.#group.push(parseLoggedPublication(line, this.#topics));
    this.#missing -= 1;
  }

  end(): LogRecord {
    const { run, n, atMs } = this.#head;
    if (this.#missing === 0) return { run, n, atMs, items: this.#items };
    throw this.#fault(`ends before the last ${this.#missing} publications of a group`);
  }

  #begin(line: string): void {
    const item = parseItem(line);
    if (item.kind !== "group") return void this.#items.push(item);
    const { kind, size, once } = item;
    this.#publications += size;
    if (this.#publications > publicationsPerRecord)
      throw this.#fault(`has more than ${publicationsPerRecord} publications`);
    this.#group = [];
    this.#missing = size;
    this.#items.push({ kind, publications: this.#group, ...(once === undefined ? {} : { once }) });
  }

  #fault(what: string): PharosError {
    const { run, n } = this.#head;
    return new PharosError("bad-record", `record ${n} of the run ${quoteValue(run)} ${what}`);
  }
}
