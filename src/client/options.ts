import type { BookmarkStorage } from "./extras/bookmark.js";
import type { RequestSettings } from "./transports/event-stream-transport.js";
import type { TokenSource } from "./connection/tokens.js";
import type { DecryptKey } from "./extras/unseal.js";
import type { TransportName } from "./messages/item.js";
import type { SharedOptions } from "./shared/open-shared.js";

export interface ConnectOptions extends RequestSettings {
  /**
   * An MQTT topic filter or a list of them, in addition to the filters in the URL. With `[]` the connection is idle
   * until filters are added.
   * @default the filters in the URL, else the topic `broadcast`
   */
  readonly filters?: string | readonly string[];
  /**
   * A bearer token, or a function that returns a token. The library calls the function before the first request, before
   * the `exp` of a JWT, and once after a 401. If the function throws, the library waits and calls the function again.
   * @default none: the request carries cookies only
   */
  readonly token?: TokenSource;
  /** The id of an event: the stream resumes after this event. @default none: retained values first, then live events */
  readonly lastEventId?: string;
  /**
   * The transport. `auto` begins with an event stream. If a proxy holds streams back, the library changes to a
   * WebSocket, then to long polling. It returns to the event stream when the event stream works again. @default "auto"
   */
  readonly transport?: TransportName | "auto";
  /**
   * Stores the last event id, so that a reloaded page resumes. The value `true` means `sessionStorage`; a storage
   * object may be used instead. Use this option for pages that also store the events that they have shown. @default
   * false
   */
  readonly storage?: boolean | BookmarkStorage;
  /** The key in `storage`. @default "pharos " and the stream's URL */
  readonly storageKey?: string;
  /**
   * Uses one connection for all tabs of the origin, with the filters of all tabs. The first tab sets `transport`,
   * `headers` and `credentials`. If the browser has no SharedWorker, each tab has its own connection. @default false
   */
  readonly shared?: boolean | SharedOptions;
  /** The key that decrypts sealed data. Without a key, sealed data is delivered encrypted. @default none */
  readonly decryptKey?: DecryptKey;
  /** Closes the connection when the signal aborts. */
  readonly signal?: AbortSignal;
}
