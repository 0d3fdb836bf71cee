import type { Feed } from "../connection/feed.js";
import type { ConnectionStart } from "../connection/connection-start.js";
import { watchPage } from "../connection/page-lifecycle.js";
import type { Tokens } from "../connection/tokens.js";
import { SharedFeed, type SharedFeedOptions } from "./shared-feed.js";
import { type SharedSettings, typedPort } from "./messages.js";

/** The name of the worker's file on the hub. */
const workerFile = "pharos-client-worker.js";

/** The URL of the shared worker's file, and the name of the connection. */
export interface SharedOptions {
  /**
   * The URL of the worker's file. Browsers require that the file has the same origin as the page. If the hub has
   * another origin, serve a copy of the hub's `pharos-client-worker.js`, which the package exports as `pharos/client/worker`.
   * @default the hub's file, if page and hub have the same origin
   */
  readonly worker?: string | URL;
  /** Tabs with different names have different connections. Use a user id if tabs may belong to several users. @default "" */
  readonly name?: string;
}

export interface SharedFeedRequest extends SharedOptions {
  readonly settings: SharedSettings;
  readonly tokens: Tokens;
  /** The hub's URL; undefined for a stream at a custom URL. */
  readonly base: string | undefined;
  readonly start: ConnectionStart;
  readonly makeDirectFeed: SharedFeedOptions["makeDirectFeed"];
  readonly refusal: SharedFeedOptions["refusal"];
}

/**
 * A feed from the shared worker. The function starts the worker if the worker is not running. The result is undefined
 * if no worker can be started.
 */
export function sharedFeed(request: SharedFeedRequest): Feed | undefined {
  const { settings, tokens, start, makeDirectFeed, refusal } = request;
  const worker = openWorker(request);
  if (worker === undefined) return undefined;
  const ended = new AbortController();
  const feed = new SharedFeed(
    {
      port: typedPort(worker.port),
      settings,
      tokens,
      makeDirectFeed,
      refusal,
      lock: holdLock(ended.signal),
      onClose: () => ended.abort(),
    },
    start,
  );
  watchPage(() => feed.retry(), ended.signal);
  // The browser cannot load the worker's file.
  worker.addEventListener("error", () => feed.leaveWorker());
  return feed;
}

function openWorker({ worker, name = "", settings, base }: SharedFeedRequest): SharedWorker | undefined {
  const hub = base === undefined || new URL(base).origin !== location.origin ? undefined : base;
  const file = worker ?? (hub === undefined ? undefined : new URL(workerFile, hub));
  if (file === undefined) return undefined;
  try {
    return new SharedWorker(file, { type: "module", name: `pharos ${name} ${settings.url}` });
  } catch {
    // This browser has no SharedWorker, or the page's content security policy forbids SharedWorker.
    return undefined;
  }
}

/**
 * Holds a lock until `signal` aborts, and resolves with the lock's name; undefined without TLS. Browsers also release
 * the lock when the page is closed or crashes.
 */
function holdLock(signal: AbortSignal): Promise<string | undefined> {
  if (!("locks" in navigator)) return Promise.resolve(undefined);
  const name = `pharos ${crypto.randomUUID()}`;
  const released = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, () => {
      resolve(name);
      return released;
    });
    held.catch(() => resolve(undefined));
  });
}
