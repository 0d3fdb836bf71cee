import type { JoiningStream } from "../../delivery/joining/admitted-stream.js";
import type { JoinTicket } from "../../delivery/joining/join-ticket.js";

/** Response headers in the order in which they are written; names as they appear on the wire. */
export type Headers = readonly (readonly [name: string, value: string])[];

/** An HTTP request as plain values, whichever front carried it. */
export interface GatewayRequest {
  readonly method: string;
  /** As in the request line, without the query. */
  readonly path: string;
  /** As in the request line, without the `?`; empty when there is none. */
  readonly query: string;
  /**
   * A header by its lower-case name, decoded as UTF-8; values of a repeated one are joined by `, `, those of `cookie` by
   * `; `. Undefined when the request has none.
   */
  header(name: string): string | undefined;
  /**
   * Reads the body, which is empty where there is none; for once. Ask for it as late as can be, when it is known that who
   * sends it may: until then it may not even have been sent. Whoever keeps it keeps what it lies in.
   *
   * @throws PharosError `too-large`, `too-many-bodies`, or `bad-request` when it does not come to its end
   */
  body(): Promise<Buffer>;
  /** Aborted when the client disconnects before the answer. Call it only to wait for something: it costs some memory. */
  disconnectSignal(): AbortSignal;
  /** The address of whoever connected to the front, or to the server before it; undefined where it is not known. */
  readonly peer: string | undefined;
  readonly front: "http" | "mongrel2";
  /** True when whoever connected to the server before the hub did so with TLS. @default not known */
  readonly isTls?: boolean;
}

/** A whole answer. The front adds what belongs to the connection. */
export interface Reply {
  readonly kind: "reply";
  readonly status: number;
  readonly headers: Headers;
  /** What `Content-Length` says, also where HEAD leaves the body out; undefined where there is none to say. */
  readonly contentLength: number | undefined;
  readonly body: Buffer;
}

/** A stream to open once the gateway has let it in. */
export interface StreamStart extends JoiningStream {
  readonly kind: "stream";
  readonly headers: Headers;
  /** Bytes in front of the first page: in the subscription's format, and in its coding if it has one. */
  readonly opening: Buffer;
  /** Takes the client's messages; set for a WebSocket. @default none: an event stream, a response without end */
  readonly dialogue?: Dialogue | undefined;
  /** True if the dialogue itself counts the filters against its client's limits, since it may drop some. @default false */
  readonly countsFilters?: boolean;
  /** Called instead of `opened` if the client disconnects before the stream is opened. */
  readonly abandoned?: () => void;
}

/**
 * Takes the messages of a WebSocket's client, one at a time: the next when the one before is answered. A connection whose
 * client sends a message of a kind without a method here is closed with 1003. The methods never throw, their promises
 * never reject, and the caller acts on a result in the same turn.
 */
export interface Dialogue {
  take?(text: string): MessageResult | Promise<MessageResult>;
  /** The bytes may lie in a larger buffer: copy what is kept. */
  takeBytes?(bytes: Buffer): MessageResult | Promise<MessageResult>;
}

/** What comes of a message. */
export interface MessageResult {
  /** Goes to the client, in the stream's format. @default nothing does */
  readonly answer?: Buffer | undefined;
  /** The cohort in which the stream goes on. @default its own */
  readonly moved?: JoinTicket | undefined;
  /** When the stream is closed from now on; undefined in it: whenever the client likes. @default as before */
  readonly renewed?: { readonly expiresAtMs: number | undefined } | undefined;
  /** Called instead of moving the stream if the client disconnects before. */
  readonly abandoned?: () => void;
}

export type Answer = Reply | StreamStart;
