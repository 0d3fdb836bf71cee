import type { BookmarkStorage } from "./extras/bookmark.js";
import type { RequestSettings } from "./transports/event-stream-transport.js";
import type { TokenSource } from "./connection/tokens.js";
import type { DecryptKey } from "./extras/unseal.js";
import type { TransportName } from "./messages/item.js";
import type { SharedOptions } from "./shared/open-shared.js";

export interface ConnectOptions extends RequestSettings {
  /**
   * MQTT topic filters, added to those in the URL. `[]` begins idle, until some are added.
   * @default those in the URL, else the topic `broadcast`
   */
  readonly filters?: readonly string[];
  /**
   * A bearer token, or what brings one: called before the first request, in good time before the `exp` of a JWT, and
   * once after a 401. When it throws it is called again after a wait. @default none: cookies, or nobody in particular
   */
  readonly token?: TokenSource;
  /** Resume after this event. @default none: retained values first, then what comes now */
  readonly lastEventId?: string;
  /**
   * How the stream is carried. `auto` begins with an event stream, and goes on to a WebSocket and then to polling where
   * something on the way holds streams back. @default "auto"
   */
  readonly transport?: TransportName | "auto";
  /**
   * Keeps the last event id, so that a page that is loaded again resumes: `true` in `sessionStorage`, or in what is
   * given. For pages that keep what they have shown; others get the state at once without it. @default false
   */
  readonly storage?: boolean | BookmarkStorage;
  /** The key of what `storage` keeps. @default "pharos " and the stream's URL */
  readonly storageKey?: string;
  /**
   * One connection for all tabs of the origin: with the filters of all, and what each asks for in `transport`, `headers` and
   * `credentials` from the first. Where there is no SharedWorker each tab has its own. @default false
   */
  readonly shared?: boolean | SharedOptions;
  /** The key of data that publishers sealed; without it such data comes as it is. @default none */
  readonly decryptKey?: DecryptKey;
  /** Closes it. */
  readonly signal?: AbortSignal;
}
