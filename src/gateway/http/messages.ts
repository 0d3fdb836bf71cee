import type { JoiningStream, JoinTicket } from "../../delivery/joining/admitted-stream.js";

/** Response headers in the order in which they are written, with names as they appear on the wire. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** An HTTP request as plain values, the same for every front. */
export interface GatewayRequest {
  readonly method: string;
  /** As in the request line, without the query. */
  readonly path: string;
  /** As in the request line, without the `?`; empty if there is none. */
  readonly query: string;
  /**
   * The value of a header by its lower-case name, decoded as UTF-8. The values of a repeated header are joined by `, `,
   * those of `cookie` by `; `. Undefined if the request has no such header.
   */
  header(name: string): string | undefined;
  /**
   * Reads the body; empty if there is none. Call it once, and only after the client's rights are checked: a client
   * that waits for `100 Continue` sends the body only then. The bytes may lie in a larger buffer: copy what is kept
   * for long.
   *
   * @throws PharosError `too-large`, `too-many-bodies`, or `bad-request` if the connection ends before the body
   */
  body(): Promise<Buffer>;
  /**
   * Aborted when the client disconnects before the answer. Call it only to wait for something: it costs some memory.
   */
  disconnectSignal(): AbortSignal;
  /** The address of the TCP peer of the front, or of the server in front of it; undefined if unknown. */
  readonly peer: string | undefined;
  /**
   * True if the front holds the client's own connection; false if another server, such as Mongrel2, passes requests
   * on.
   */
  readonly isDirect: boolean;
  /** The label of the front in metrics and logs. */
  readonly front: string;
  /** True if the client's connection to the server in front of the hub uses TLS. @default unknown */
  readonly isTls?: boolean;
}

/** A whole response. The front adds the headers of the connection. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: Headers;
  /** The value of `Content-Length`, also for HEAD, which has no body; undefined: no such header. */
  readonly contentLength: number | undefined;
  readonly body: Buffer;
}

/** A stream to open once the gateway has let it in. */
export interface StreamStart extends JoiningStream {
  readonly kind: "stream";
  readonly headers: Headers;
  /** Bytes in front of the first page: in the subscription's format, and in its coding if it has one. */
  readonly opening: Buffer;
  /** Handles the client's messages; set for a WebSocket. @default none: an event stream, a response without end */
  readonly dialogue?: Dialogue | undefined;
  /**
   * True if the dialogue itself counts the filters against its client's limits, since it may drop some. @default
   * false
   */
  readonly countsFilters?: boolean;
  /**
   * Called instead of `opened` if the client disconnects before the stream is opened, or the front refuses its
   * handshake.
   */
  readonly abandoned?: () => void;
}

/**
 * Handles the messages of a WebSocket's client, one at a time: the next when the one before is answered. If a client
 * sends a message of a kind without a method here, the hub closes the connection with 1003. The methods never throw,
 * their promises never reject, and the caller acts on a result in the same turn.
 */
export interface Dialogue {
  onText?(text: string): MessageResult | Promise<MessageResult>;
  /** The bytes may lie in a larger buffer: copy what is kept. */
  onBytes?(bytes: Buffer): MessageResult | Promise<MessageResult>;
}

/** The result of a message. */
export interface MessageResult {
  /** Bytes for the client, in the stream's format. @default none */
  readonly answer?: Buffer | undefined;
  /** Moves the stream to another cohort. @default it stays */
  readonly moved?: JoinTicket | undefined;
  /** Replaces the time at which the stream is closed; undefined in it: never. @default unchanged */
  readonly renewed?: { readonly expiresAtMs: number | undefined } | undefined;
  /** Called instead of moving the stream if the client disconnects before. */
  readonly abandoned?: () => void;
}

export type Answer = Reply | StreamStart;
