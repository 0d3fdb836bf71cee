import type { BookmarkStorage } from "./extras/bookmark.js";
import type { RequestSettings } from "./transports/event-stream-transport.js";
import type { TokenSource } from "./connection/tokens.js";
import type { DecryptKey } from "./extras/unseal.js";
import type { TransportName } from "./messages/item.js";
import type { SharedOptions } from "./shared/open-shared.js";

export interface ConnectOptions extends RequestSettings {
  /**
   * MQTT topic filters, added to those in the URL. With `[]` the connection is idle until filters are added.
   * @default the filters in the URL, else the topic `broadcast`
   */
  readonly filters?: readonly string[];
  /**
   * A bearer token, or a function that returns one. The library calls the function before the first request, before the
   * `exp` of a JWT, and once after a 401. If it throws, the library waits and calls it again.
   * @default none: the request carries cookies only
   */
  readonly token?: TokenSource;
  /** Resume after this event. @default none: retained values first, then live events */
  readonly lastEventId?: string;
  /**
   * The transport. `auto` begins with an event stream. If a proxy holds streams back, it changes to a WebSocket, then to
   * long polling. @default "auto"
   */
  readonly transport?: TransportName | "auto";
  /**
   * Stores the last event id, so that a reloaded page resumes: `true` for `sessionStorage`, or a storage object. Use it
   * for pages that also keep the events that they have shown. @default false
   */
  readonly storage?: boolean | BookmarkStorage;
  /** The key in `storage`. @default "pharos " and the stream's URL */
  readonly storageKey?: string;
  /**
   * Uses one connection for all tabs of the origin, with the filters of all tabs. The first tab sets `transport`,
   * `headers` and `credentials`. If SharedWorker is missing, each tab has its own connection. @default false
   */
  readonly shared?: boolean | SharedOptions;
  /** The key that decrypts sealed data. Without it, sealed data is delivered encrypted. @default none */
  readonly decryptKey?: DecryptKey;
  /** Closes the connection when it aborts. */
  readonly signal?: AbortSignal;
}
