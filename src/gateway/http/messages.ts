import type { Grants } from "../../auth/grants/grants.js";
import type { JoiningStream, JoinTicket } from "../../delivery/joining/admitted-stream.js";

/** Response headers in the order in which the hub writes them, with the spelling used on the wire. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** An HTTP request as plain values, the same for every front. */
export interface GatewayRequest {
  readonly method: string;
  /** The version of HTTP, such as `1.1`. */
  readonly version: string;
  /** The path as in the request line, without the query. */
  readonly path: string;
  /** The query as in the request line, without the `?`; empty if there is none. */
  readonly query: string;
  /**
   * The value of a header by its lower-case name, decoded as UTF-8. Repeated headers are joined with `, `, repeated
   * `cookie` headers with `; `. Undefined if the request has no such header.
   */
  header(name: string): string | undefined;
  /**
   * Reads the body; empty if there is none. Call this method once, and only after you check the client's rights: a
   * client that waits for `100 Continue` sends the body only then. The returned bytes may be part of a larger buffer,
   * so copy bytes that you store for long.
   *
   * @throws PharosError `too-large`, `too-many-bodies`, or `bad-request` if the connection ends before the body
   */
  body(): Promise<Buffer>;
  /**
   * A signal that aborts when the client disconnects before the response. Call this only if you have to wait: each
   * signal uses some memory.
   */
  disconnectSignal(): AbortSignal;
  /**
   * The IP address of the front's TCP peer. If another server forwards the requests, the address of that server's
   * peer. Undefined if unknown.
   */
  readonly peer: string | undefined;
  /**
   * True if the front itself has the TCP connection; false if another server, such as Mongrel2, forwards the
   * requests.
   */
  readonly isDirect: boolean;
  /** The label of the front in metrics and logs. */
  readonly front: string;
  /** True if the front itself marks the end of a response, so that a stream needs no chunks. @default false */
  readonly isFramed?: boolean;
  /** True if the client's connection to the server in front of the hub uses TLS. @default unknown */
  readonly isTls?: boolean;
  /** Called with the subject of the request's token when the token is verified. @default not called */
  readonly identified?: (subject: string | undefined) => void;
}

/** A complete response. The front adds the headers of the connection. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: Headers;
  /** The value of `Content-Length`; undefined for no such header. A response to HEAD has the header, but no body. */
  readonly contentLength: number | undefined;
  readonly body: Buffer;
}

/** A stream to open after the gateway has accepted it. */
export interface StreamStart extends JoiningStream {
  readonly kind: "stream";
  readonly headers: Headers;
  /** The bytes before the first page, in the format and the coding of the subscription. */
  readonly opening: Buffer;
  /**
   * True if the opening and all further bytes are chunks, which a last chunk ends. Otherwise the stream ends with its
   * connection.
   * @default false
   */
  readonly isChunked?: boolean;
  /**
   * Handles the client's messages; set for a WebSocket only. @default none: an event stream, which is a response
   * without end
   */
  readonly dialogue?: Dialogue | undefined;
  /** The rights of the client's token at the moment; undefined without a token. @default no token */
  readonly grants?: (() => Grants | undefined) | undefined;
  /** The number of its filters; set once the stream is admitted. */
  readonly topics?: number | undefined;
  /**
   * True if the dialogue itself counts the filters against its client's limits, because the client may drop filters.
   * @default false
   */
  readonly countsFilters?: boolean;
  /**
   * Called instead of `opened` if the client disconnects before the stream opens, or if the front rejects its
   * handshake.
   */
  readonly abandoned?: () => void;
}

/**
 * Handles the messages of a WebSocket client, one at a time: each message waits for the result of the message before.
 * If the dialogue has no method for a kind of message, the hub closes the connection with the code 1003. The methods
 * never throw, and their promises never reject. The caller applies a result in the same turn of the event loop.
 */
export interface Dialogue {
  onText?(text: string): MessageResult | Promise<MessageResult>;
  /** The bytes may be part of a larger buffer: copy bytes that you store. */
  onBytes?(bytes: Buffer): MessageResult | Promise<MessageResult>;
}

/** The result of a message. */
export interface MessageResult {
  /** Bytes for the client, in the stream's format. @default none */
  readonly answer?: Buffer | undefined;
  /**
   * Moves the stream to another cohort, a group of streams that get the same bytes. @default the stream keeps its
   * cohort
   */
  readonly moved?: JoinTicket | undefined;
  /**
   * Replaces the time at which the hub closes the stream. If `expiresAtMs` is undefined, the stream never expires.
   * @default unchanged
   */
  readonly renewed?: { readonly expiresAtMs: number | undefined } | undefined;
  /** Called if the client disconnects before the move; the stream then does not move. */
  readonly abandoned?: () => void;
}

export type Answer = Reply | StreamStart;
