import type { Arrival, ConnectionState, TransportName } from "../messages/item.js";
import type { CredentialsMode } from "../transports/event-stream-transport.js";

/** Settings that all tabs of one worker share. The first tab sets these settings. */
export interface SharedSettings {
  readonly url: string;
  readonly transport: TransportName | "auto";
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: CredentialsMode | undefined;
}

/** A message of a tab to the worker. */
export type FromTab =
  /**
   * `cursor` is the position of the tab, or `""` for none. The tab holds the lock named `lock` as long as the tab
   * exists.
   */
  | {
      readonly kind: "attach";
      readonly settings: SharedSettings;
      readonly filters: readonly string[];
      readonly cursor: string;
      readonly lock: string | undefined;
    }
  | { readonly kind: "follow"; readonly filters: readonly string[]; readonly number: number }
  /** The tab has processed this number of arrivals. */
  | { readonly kind: "acknowledge"; readonly count: number }
  | { readonly kind: "token"; readonly token: string | undefined; readonly error: string | undefined }
  | { readonly kind: "retry" | "ping" | "leave" };

/** A message of the worker to a tab. */
export type FromWorker =
  | { readonly kind: "attached" | "pong" | "token-request" }
  /**
   * The worker cannot serve the tab from the tab's position, or the tab reads too slowly. The tab must connect
   * directly.
   */
  | { readonly kind: "detached" }
  | { readonly kind: "arrivals"; readonly arrivals: readonly Arrival[] }
  | { readonly kind: "state"; readonly state: Exclude<ConnectionState, { kind: "closed" }> }
  /**
   * `status` is the HTTP status of an error response, or 0 for any other error. `reason` is the message of the error.
   */
  | { readonly kind: "closed"; readonly status: number; readonly reason: string }
  | { readonly kind: "followed"; readonly number: number }
  | { readonly kind: "refused"; readonly number: number; readonly status: number; readonly reason: string };

/** One end of the message channel between a tab and the worker. */
export interface Port<Sent, Received> {
  send(message: Sent): void;
  /** Starts to receive messages. Call this method once. */
  listen(listener: (message: Received) => void): void;
  close(): void;
}

/** The part of a MessagePort that the library uses. Node programs compile without the types of browsers. */
export interface UntypedPort {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: never }) => void): void;
  start(): void;
  close(): void;
}

/**
 * A MessagePort with types. The port does not validate messages, because this library sends and receives all of these
 * messages.
 */
export function typedPort<Sent, Received>(port: UntypedPort): Port<Sent, Received> {
  return {
    send: (message) => port.postMessage(message),
    listen: (listener) => {
      port.addEventListener("message", ({ data }) => listener(data));
      port.start();
    },
    close: () => port.close(),
  };
}

/** The interval of a tab's pings, in milliseconds. The worker answers each ping. */
export const pingEveryMs = 10_000;
