import { gapEventType } from "../../../src/protocol.js";
import type { Counts, Samples } from "./counts.js";
import type { DelayHistogram } from "./histogram.js";
import { SequenceRecord } from "./sequence.js";

/** The shared results of a group's checkers. */
export interface Findings {
  readonly counts: Counts;
  readonly delays: DelayHistogram;
  readonly foreign: Samples;
  readonly gaps: Samples;
}

/** The expected streams of a group, the same for all its clients. */
export interface Expected {
  /** The names of the streams, as bytes. */
  readonly streams: readonly Uint8Array[];
  /** The first number of each stream; `undefined` accepts any. */
  readonly firstSequence?: number | undefined;
  /** True: events without a load payload, such as the events of a beacon, count as `others`, not as foreign. */
  readonly others: boolean;
}

// The largest number of bytes that the checker stores of an incomplete line; it only counts further bytes. This is
// enough for the start of a payload, and for a gap event. With this limit, 10,000 clients in the middle of a 64 KiB
// event need 40 MB instead of 640 MB.
const keptBytes = 4096;

const lf = 10;
const cr = 13;
const space = 32;
const colon = 58;
const dataLetter = 100;
const idLetter = 105;
const digit0 = 48;
const none = Buffer.alloc(0);

interface Place {
  memory: Buffer;
  start: number;
  end: number;
}

/**
 * Checks the body of one client's event stream, piece by piece. The checker handles millions of events per second. It
 * allocates nothing per event, makes one native search per payload, and loops over short lines. Lines end with LF or CR
 * LF.
 */
export class StreamChecker {
  /** The last event id that took effect, for reconnecting. */
  lastEventId: string | undefined;
  /** The server's `retry:`, in milliseconds. */
  retryMs: number | undefined;
  /** Events of the expected streams so far. */
  events = 0;
  readonly records: readonly SequenceRecord[];

  readonly #found: Findings;
  readonly #expected: Expected;
  #line: Buffer = none;
  #lineBytes = 0;
  #lineEndsInCr = false;
  #gapsSeen = 0;
  #dataLines = 0;
  #isGap = false;
  // The payload of the incomplete event; stream -1 for none. An event without its empty line does not count [HTML
  // 9.2.6]. The server sends such an event again after a reconnect.
  #stream = -1;
  #sequence = 0;
  #sentUs = 0;
  #id: string | undefined;
  // The checker stores ids as positions in memory, and converts these ids to text once per piece.
  readonly #idSeen: Place = { memory: none, start: 0, end: 0 };
  readonly #idInForce: Place = { memory: none, start: 0, end: 0 };
  #met = false;

  constructor(expected: Expected, found: Findings) {
    this.#expected = expected;
    this.#found = found;
    this.records = expected.streams.map(() => new SequenceRecord(expected.firstSequence));
  }

  /** Checks the next piece, which arrived at `nowUs`. The caller may reuse the memory afterwards. */
  consume(piece: Buffer, nowUs: number): void {
    const length = piece.length;
    const before = this.events;
    this.#found.counts.bytes += length;
    let at = this.#lineBytes > 0 ? this.#endLine(piece, nowUs) : 0;
    while (at < length) {
      const end = lineEnd(piece, at);
      if (end < 0) {
        this.#keep(piece, at);
        break;
      }
      const last = end > at && piece[end - 1] === cr ? end - 1 : end;
      this.#takeLine(piece, at, last, last - at, nowUs);
      at = end + 1;
    }
    this.#found.counts.events += this.events - before;
    this.#readIds();
  }

  /** Begins a new connection: drops the incomplete event of the last connection. */
  restart(): void {
    this.#line = none;
    this.#lineBytes = 0;
    this.#clearEvent();
    this.#id = undefined;
  }

  /** Counts bytes that do not belong to this stream. */
  addForeign(text: string): void {
    this.#found.counts.foreign += 1;
    if (!this.#met) this.#found.counts.foreignClients += 1;
    this.#met = true;
    this.#found.foreign.add(text);
  }

  /**
   * Continues the line of an earlier piece. Returns the start of the next line. If the line is still incomplete,
   * returns the length of the piece.
   */
  #endLine(piece: Buffer, nowUs: number): number {
    const end = piece.indexOf(lf);
    const upTo = end < 0 ? piece.length : end;
    const room = keptBytes - this.#line.length;
    if (room > 0) this.#line = Buffer.concat([this.#line, piece.subarray(0, Math.min(room, upTo))]);
    this.#lineBytes += upTo;
    if (upTo > 0) this.#lineEndsInCr = piece[upTo - 1] === cr;
    if (end < 0) return piece.length;
    const line = this.#line;
    const length = this.#lineBytes - (this.#lineEndsInCr ? 1 : 0);
    this.#line = none;
    this.#lineBytes = 0;
    this.#takeLine(line, 0, Math.min(line.length, length), length, nowUs);
    return end + 1;
  }

  #keep(piece: Buffer, at: number): void {
    this.#line = Buffer.from(piece.subarray(at, at + keptBytes));
    this.#lineBytes = piece.length - at;
    this.#lineEndsInCr = piece[piece.length - 1] === cr;
  }

  /** A line of `length` bytes without the line end. The bytes from `start` to `end` are in memory. */
  // oxlint-disable-next-line max-params -- called for each line: an options object would cost one allocation each
  #takeLine(memory: Buffer, start: number, end: number, length: number, nowUs: number): void {
    if (length === 0) return this.#dispatch(nowUs);
    const first = memory[start];
    if (first === dataLetter && isField(memory, start, "data"))
      return this.#takeData(memory, start, end, length);
    if (first === idLetter && isField(memory, start, "id")) return this.#takeId(memory, start, end);
    this.#takeRareLine(memory, start, end);
  }

  #takeRareLine(memory: Buffer, start: number, end: number): void {
    if (memory[start] === colon) this.#found.counts.comments += 1;
    else if (isField(memory, start, "event")) this.#isGap = value(memory, start + 6, end) === gapEventType;
    else if (isField(memory, start, "retry")) this.retryMs = Number(value(memory, start + 6, end));
    else this.addForeign(memory.toString("utf8", start, end));
  }

  #takeId(memory: Buffer, start: number, end: number): void {
    this.#idSeen.memory = memory;
    this.#idSeen.start = start + 3;
    this.#idSeen.end = end;
  }

  #putIdInForce(): void {
    if (this.#id !== undefined && this.#idSeen.memory === none) this.lastEventId = this.#id;
    this.#id = undefined;
    if (this.#idSeen.memory === none) return;
    this.#idInForce.memory = this.#idSeen.memory;
    this.#idInForce.start = this.#idSeen.start;
    this.#idInForce.end = this.#idSeen.end;
    this.#idSeen.memory = none;
  }

  /** Converts the ids of this piece to text, before the caller reuses the memory. */
  #readIds(): void {
    const inForce = this.#idInForce;
    if (inForce.memory !== none) this.lastEventId = value(inForce.memory, inForce.start, inForce.end);
    inForce.memory = none;
    const seen = this.#idSeen;
    if (seen.memory !== none) this.#id = value(seen.memory, seen.start, seen.end);
    seen.memory = none;
  }

  // oxlint-disable-next-line max-params -- as above
  #takeData(memory: Buffer, start: number, end: number, length: number): void {
    this.#dataLines += 1;
    if (this.#isGap) {
      this.#found.gaps.add(value(memory, start + 5, end));
      return;
    }
    const at = memory[start + 5] === space ? start + 6 : start + 5;
    if (this.#dataLines === 1 && this.#takePayload(memory, at, end, length - (at - start))) return;
    if (!this.#expected.others || this.#stream >= 0) this.addForeign(memory.toString("utf8", start, end));
  }

  /** Parses `SEQUENCE SENT_US STREAM LENGTH padding`; returns false if the line is not a payload. */
  // oxlint-disable-next-line max-params -- as above
  #takePayload(memory: Buffer, start: number, end: number, length: number): boolean {
    let at = start;
    let sequence = 0;
    for (
      let digit = memory[at]! - digit0;
      digit >= 0 && digit <= 9 && at < end;
      digit = memory[at]! - digit0
    ) {
      sequence = sequence * 10 + digit;
      at += 1;
    }
    if (at === start || memory[at++] !== space) return false;
    let sentUs = 0;
    for (
      let digit = memory[at]! - digit0;
      digit >= 0 && digit <= 9 && at < end;
      digit = memory[at]! - digit0
    ) {
      sentUs = sentUs * 10 + digit;
      at += 1;
    }
    if (memory[at++] !== space) return false;
    const stream = this.#streamAt(memory, at);
    if (stream < 0) return false;
    at += this.#expected.streams[stream]!.length + 1;
    let stated = 0;
    for (
      let digit = memory[at]! - digit0;
      digit >= 0 && digit <= 9 && at < end;
      digit = memory[at]! - digit0
    ) {
      stated = stated * 10 + digit;
      at += 1;
    }
    if (stated !== length || at >= end) return false;
    this.#stream = stream;
    this.#sequence = sequence;
    this.#sentUs = sentUs;
    return true;
  }

  /** The index of the expected stream that is named at this position, followed by a space; -1 for none. */
  #streamAt(memory: Buffer, at: number): number {
    const streams = this.#expected.streams;
    for (let index = 0; index < streams.length; index += 1) {
      const name = streams[index]!;
      let same = 0;
      while (same < name.length && name[same] === memory[at + same]) same += 1;
      if (same === name.length && memory[at + same] === space) return index;
    }
    return -1;
  }

  #check(record: SequenceRecord, sequence: number): void {
    const before = record.highest;
    const reported = this.#gapsSeen > record.gapsSeen;
    record.gapsSeen = this.#gapsSeen;
    const verdict = record.take(sequence);
    if (verdict === "next") return;
    const counts = this.#found.counts;
    if (verdict === "hole") counts[reported ? "missedReported" : "missed"] += sequence - before - 1;
    else if (reported) {
      counts.rewindsReported += 1;
      record.rewind(sequence);
    } else if (verdict === "late") {
      counts.late += 1;
      counts.missed -= 1;
    } else counts.duplicates += 1;
  }

  /** Handles an empty line: the event is complete, and the event id is now valid. */
  #dispatch(nowUs: number): void {
    this.#putIdInForce();
    if (this.#stream >= 0) {
      this.events += 1;
      this.#found.delays.add(nowUs - this.#sentUs);
      this.#check(this.records[this.#stream]!, this.#sequence);
    } else if (this.#dataLines > 0) this.#countOther();
    this.#clearEvent();
  }

  #countOther(): void {
    if (this.#isGap) {
      this.#found.counts.gaps += 1;
      this.#gapsSeen += 1;
    } else if (this.#expected.others) this.#found.counts.others += 1;
  }

  #clearEvent(): void {
    this.#dataLines = 0;
    this.#isGap = false;
    this.#stream = -1;
  }
}

/** Searches short lines in a loop: a native call takes as long as a loop over 50 bytes. */
function lineEnd(piece: Buffer, at: number): number {
  if (piece[at] !== dataLetter) {
    const near = Math.min(piece.length, at + 64);
    for (let place = at; place < near; place += 1) if (piece[place] === lf) return place;
  }
  return piece.indexOf(lf, at);
}

function isField(memory: Buffer, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1)
    if (memory[start + index] !== name.charCodeAt(index)) return false;
  return memory[start + name.length] === colon;
}

function value(memory: Buffer, start: number, end: number): string {
  return memory.toString("utf8", memory[start] === space ? start + 1 : start, end);
}
