import { PharosError } from "../base/errors.js";
import { defaultMaxLineLength, FieldParser } from "./fields.js";

/** One event with only the fields that it had in the stream, at least one. */
export interface RawEvent {
  readonly id?: string;
  readonly type?: string;
  readonly retryMs?: number;
  /** The data lines joined by LF. If the data is empty, the value is `""`. Absent if the event had no data line. */
  readonly data?: string;
  /** The `topic` fields that Pharos adds on request; absent if the event has no `topic` field. */
  readonly topics?: readonly string[];
  /** The id of a retained value, in streams with topics. This id does not change the last event id. */
  readonly retained?: string;
}

/** The fields of an unfinished event. */
type Unfinished = { -readonly [Field in keyof RawEvent]: RawEvent[Field] } & { topics?: string[] };

/** One event as a browser's `EventSource` fires it. */
export interface StreamEvent extends RawEvent {
  /** The last event id of the stream after this event. The id may be from an earlier event. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface ParseLimits {
  /** The longest line, in UTF-16 code units. @default 4 Mi */
  readonly maxLineLength?: number;
  /** The longest data of one event, in UTF-16 code units. @default 4 Mi */
  readonly maxEventLength?: number;
}

/**
 * The default maximum length of one event's data, in UTF-16 code units: four times the size of the largest publication.
 */
const defaultMaxEventLength = defaultMaxLineLength;

/**
 * Parses event-stream text by the rules of the HTML standard [HTML 9.2.6], from chunks that may end anywhere. The
 * parser also reads the fields `topic`, `retained` and `heartbeat`, which Pharos adds on request. As in the standard,
 * the parser ignores unknown fields, ids with NUL and `retry` values that are not digits. The parser never reports an
 * unfinished event. The parser needs no functions of Node.
 */
export class EventStreamParser {
  readonly #fields: FieldParser;
  readonly #onEvent: (event: RawEvent) => void;
  readonly #maxEventLength: number;
  #event: Unfinished | undefined;
  #reconnectionMs: number | undefined;
  #heartbeatMs: number | undefined;

  constructor(
    options: ParseLimits & {
      /** Called for each event in order, within `push`. */
      readonly onEvent: (event: RawEvent) => void;
      /** Called for each comment line, without the colon and one leading space. */
      readonly onComment?: (text: string) => void;
    },
  ) {
    this.#onEvent = options.onEvent;
    this.#maxEventLength = options.maxEventLength ?? defaultMaxEventLength;
    this.#fields = new FieldParser(
      {
        field: (name, value) => this.#field(name, value),
        blank: () => this.#blank(),
        comment: options.onComment,
      },
      options,
    );
  }

  /**
   * The last reconnection time that the stream sent, in milliseconds. The time applies as soon as the parser has read
   * its line, even in an unfinished event.
   */
  get reconnectionMs(): number | undefined {
    return this.#reconnectionMs;
  }

  /** The heartbeat interval that the stream announced, in milliseconds. */
  get heartbeatMs(): number | undefined {
    return this.#heartbeatMs;
  }

  /**
   * Parses the next chunk and reports the events that the chunk completes.
   *
   * @throws PharosError `too-large` for a line or event over its limit; do not use the parser after this error
   */
  push(chunk: string): void {
    this.#fields.push(chunk);
  }

  #field(name: string, value: string): void {
    if (name === "data") this.#data(value);
    else if (name === "id" && !value.includes("\0")) this.#open().id = value;
    else if (name === "event") this.#open().type = value;
    else if (name === "retry" && isDigits(value)) this.#retry(Number(value));
    else if (name === "topic") (this.#open().topics ??= []).push(value);
    else if (name === "retained") this.#open().retained = value;
    else if (name === "heartbeat" && isDigits(value)) this.#heartbeatMs = Number(value);
  }

  #data(line: string): void {
    const event = this.#open();
    event.data = event.data === undefined ? line : `${event.data}\n${line}`;
    if (event.data.length > this.#maxEventLength)
      throw new PharosError("too-large", `an event may have at most ${this.#maxEventLength} characters`);
  }

  #retry(ms: number): void {
    this.#open().retryMs = ms;
    this.#reconnectionMs = ms;
  }

  #open(): Unfinished {
    this.#event ??= {};
    return this.#event;
  }

  #blank(): void {
    const event = this.#event;
    this.#event = undefined;
    if (event !== undefined) this.#onEvent(event);
  }
}

function isDigits(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

/**
 * Reads the bytes of one stream as a browser does. The id of an event stays the last event id until an event has
 * another id. An event without data changes the last event id but fires no event. An event without a type has the type
 * `message`. Bytes that are not UTF-8 become U+FFFD, as the standard requires. Create a new reader for each connection,
 * with the last event id of the previous connection.
 */
export class EventStreamReader {
  readonly #parser: EventStreamParser;
  // The decoder must keep a byte order mark, because the parser removes the mark at the start of the stream.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #onEvent: (event: StreamEvent) => void;
  readonly #onPosition: ((id: string) => void) | undefined;
  #lastEventId: string;

  constructor(
    options: ParseLimits & {
      /** Called for each event that has data, in order, within `push`. */
      readonly onEvent: (event: StreamEvent) => void;
      /** Called for each event that has an id and no data, within `push`. Such an event only sets the last event id. */
      readonly onPosition?: (id: string) => void;
      /** The last event id of the previous connection. @default "" */
      readonly lastEventId?: string;
    },
  ) {
    this.#onEvent = options.onEvent;
    this.#onPosition = options.onPosition;
    this.#lastEventId = options.lastEventId ?? "";
    this.#parser = new EventStreamParser({ ...options, onEvent: (event) => this.#take(event) });
  }

  /**
   * The id to resume from: the id of the last finished event with an id. The value is `""` if no finished event had an
   * id.
   */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** The last reconnection time that the stream sent, in milliseconds; undefined if the stream sent none. */
  get reconnectionMs(): number | undefined {
    return this.#parser.reconnectionMs;
  }

  /** The heartbeat interval that the stream announced, in milliseconds; undefined if the stream announced none. */
  get heartbeatMs(): number | undefined {
    return this.#parser.heartbeatMs;
  }

  /**
   * Parses the next bytes. A chunk may end inside a character.
   *
   * @throws PharosError `too-large` for a line or event over its limit; do not use the reader after this error
   */
  push(bytes: Uint8Array): void {
    this.#parser.push(this.#decoder.decode(bytes, { stream: true }));
  }

  #take(event: RawEvent): void {
    if (event.id !== undefined) this.#lastEventId = event.id;
    if (event.data === undefined) {
      if (event.id !== undefined) this.#onPosition?.(event.id);
      return;
    }
    const { data } = event;
    // An empty `event:` field also means `message` [HTML 9.2.6].
    this.#onEvent({ ...event, id: this.#lastEventId, type: event.type || "message", data });
  }
}
