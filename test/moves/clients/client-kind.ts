import type { Item, ReadBytes } from "../../support/storm/stream-readers.js";
import type { Token } from "../tokens.js";

/** A request of a client that opens a stream, or sends a poll. */
export interface Opening {
  readonly transport: Transport;
  readonly filters: readonly string[];
  readonly token: Token;
  /** The cursor of a client that resumes. */
  readonly lastEventId: string | undefined;
  /**
   * The id up to which a client that resumes has everything. Differs from the cursor if a retained value has moved the
   * cursor.
   */
  readonly reachedId?: string | undefined;
  /** The filters that a client which resumes did not have before. */
  readonly added?: readonly string[];
  /** The losses that the cursor of a poll knows. The hub does not report them again. @default none */
  readonly told?: readonly Told[];
}

/** The gap event told, and between which offsets the lost publications are. */
export interface Told {
  readonly topics: ReadonlySet<string>;
  readonly more: boolean;
  readonly after: number;
  readonly upTo: number;
}

export type Transport =
  | "web-socket"
  | "event-stream"
  | "poll"
  | "mercure"
  | "push-ev"
  | "push-sub"
  | "push-ws"
  | "push-lp";

/** The transports that the module `nginx-push-stream` has. Their filters are channels. */
export function isPushStream(transport: Transport): boolean {
  return transport.startsWith("push-");
}

/** What one transport adds to a request, without the token. */
export interface Asked {
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Readonly<Record<string, string>>;
}

/** The clients of one transport. */
export interface ClientKind {
  ask(opening: Opening): Asked;
  /** Reads the body of a response with this head. Only the reader of an answer that ends calls `end`. */
  read(response: {
    readonly head: string;
    readonly opening: Opening;
    readonly take: (item: Item) => void;
    readonly end: () => void;
  }): ReadBytes;
  /** @default false */
  readonly isWebSocket?: true;
  /** True if the cursor contains the losses that the client knows. @default false */
  readonly remembersLosses?: true;
  /** True if retained values have ids from which the client resumes. @default false */
  readonly resumesFromRetained?: true;
}

/** The value of a header; empty without it. */
export function headerOf(head: string, name: string): string {
  return new RegExp(`^${name}: *(.*)\\r?$`, "im").exec(head)?.[1]?.trim() ?? "";
}

/** Reads a body whose length is known, and passes it on when it is whole. */
export function readBody(head: string, take: (body: string) => void): ReadBytes {
  const length = Number(headerOf(head, "content-length"));
  let body = Buffer.alloc(0);
  return (bytes) => {
    body = Buffer.concat([body, bytes]);
    if (body.length >= length) take(body.toString());
  };
}
