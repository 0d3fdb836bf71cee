import { checkLength, defaultMaxLineLength, FieldParser } from "./fields.js";

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
  /**
   * The last reconnection time that the stream sent, in milliseconds. The time applies as soon as the parser has read
   * its line, even in an unfinished event. Undefined if the stream sent none.
   */
  reconnectionMs: number | undefined;
  /** The heartbeat interval that the stream announced, in milliseconds; undefined if the stream announced none. */
  heartbeatMs: number | undefined;
  readonly #fields: FieldParser;
  readonly #maxEventLength: number;
  #event: Unfinished = {};
  // The decoder must keep a byte order mark, because the parser removes the mark at the start of the stream.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(
    options: ParseLimits & {
      /** Called for each event in order, within `push`. */
      readonly onEvent: (event: RawEvent) => void;
      /** Called for each comment line, without the colon and one leading space. */
      readonly onComment?: (text: string) => void;
    },
  ) {
    this.#maxEventLength = options.maxEventLength ?? defaultMaxEventLength;
    const field = (name: string, value: string): void => this.#field(name, value);
    const blank = (): void => {
      const event = this.#event;
      this.#event = {};
      if (Object.keys(event).length > 0) options.onEvent(event);
    };
    this.#fields = new FieldParser({ field, blank, comment: options.onComment }, options);
  }

  /**
   * Parses the next chunk and reports the events that the chunk completes. A chunk of bytes may end inside a character.
   * Bytes that are not UTF-8 become U+FFFD, as the standard requires.
   *
   * @throws RangeError with the code `too-large` for a line or event over its limit; do not use the parser after this error
   */
  push(chunk: string | Uint8Array): void {
    this.#fields.push(typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true }));
  }

  #field(name: string, value: string): void {
    const event = this.#event;
    if (name === "data") event.data = event.data === undefined ? value : `${event.data}\n${value}`;
    else if (name === "event") event.type = value;
    else if (name === "topic") (event.topics ??= []).push(value);
    else if (name === "retained") event.retained = value;
    else if (name === "id" && !value.includes("\0")) event.id = value;
    else if (/^[0-9]+$/.test(value)) {
      if (name === "retry") event.retryMs = this.reconnectionMs = Number(value);
      if (name === "heartbeat") this.heartbeatMs = Number(value);
    }
    checkLength("an event", event.data ?? "", this.#maxEventLength);
  }
}

/**
 * Reads the bytes of one stream as a browser does. The id of an event stays the last event id until an event has
 * another id. An event without data changes the last event id but fires no event. An event without a type has the type
 * `message`. Create a new reader for each connection, with the last event id of the previous connection.
 */
export class EventStreamReader extends EventStreamParser {
  /**
   * The id to resume from: the id of the last finished event with an id. The value is `""` if no finished event had an
   * id.
   */
  lastEventId: string;

  constructor({
    lastEventId = "",
    onEvent,
    onPosition,
    ...limits
  }: ParseLimits & {
    /** Called for each event that has data, in order, within `push`. */
    readonly onEvent: (event: StreamEvent) => void;
    /** Called for each event that has an id and no data, within `push`. Such an event only sets the last event id. */
    readonly onPosition?: (id: string) => void;
    /** The last event id of the previous connection. @default "" */
    readonly lastEventId?: string;
  }) {
    super({
      ...limits,
      onEvent: (event) => {
        const { id, type, data } = event;
        this.lastEventId = id ?? this.lastEventId;
        // An empty `event:` field also means `message` [HTML 9.2.6].
        if (data !== undefined) onEvent({ ...event, id: this.lastEventId, type: type || "message", data });
        else if (id !== undefined) onPosition?.(id);
      },
    });
    this.lastEventId = lastEventId;
  }
}
