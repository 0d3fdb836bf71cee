import type { Feed } from "../connection/feed.js";
import type { ConnectionStart } from "../connection/beginning.js";
import { watchPage } from "../connection/page-lifecycle.js";
import type { Tokens } from "../connection/tokens.js";
import { SharedFeed, type SharedFeedOptions } from "./shared-feed.js";
import { type SharedSettings, typedPort } from "./messages.js";

/** The worker's file, as the hub serves it. */
const workerFile = "pharos-client-worker.js";

/** Where the worker is, and who shares it. */
export interface SharedOptions {
  /**
   * The worker's file, served by the page's origin, since browsers start no other: a copy of the hub's
   * `pharos-client-worker.js`, beside one of `pharos-client-fallbacks.js`.
   * @default the hub's own, where the page is of the hub's origin
   */
  readonly worker?: string | URL;
  /** Tabs with another name have another connection: give what the user is known by when tabs may be of several. @default "" */
  readonly name?: string;
}

export interface SharedFeedRequest extends SharedOptions {
  readonly settings: SharedSettings;
  readonly tokens: Tokens;
  /** The hub's own URL; undefined where it is not known. */
  readonly base: string | undefined;
  readonly beginning: ConnectionStart;
  readonly makeOwn: SharedFeedOptions["makeOwn"];
  readonly refusal: SharedFeedOptions["refusal"];
}

/** A feed from the worker, which is started, or found; undefined where there is none to be had. */
export function sharedFeed(request: SharedFeedRequest): Feed | undefined {
  const { settings, tokens, beginning, makeOwn, refusal } = request;
  const worker = openWorker(request);
  if (worker === undefined) return undefined;
  const ended = new AbortController();
  const feed = new SharedFeed(
    {
      port: typedPort(worker.port),
      settings,
      tokens,
      makeOwn,
      refusal,
      lock: holdLock(ended.signal),
      onClose: () => ended.abort(),
    },
    beginning,
  );
  ended.signal.addEventListener(
    "abort",
    watchPage(() => feed.hurry()),
  );
  // Its file could not be loaded.
  worker.addEventListener("error", () => feed.beAlone());
  return feed;
}

function openWorker({ worker, name = "", settings, base }: SharedFeedRequest): SharedWorker | undefined {
  const hub = base === undefined || new URL(base).origin !== location.origin ? undefined : base;
  const file = worker ?? (hub === undefined ? undefined : new URL(workerFile, hub));
  if (file === undefined) return undefined;
  try {
    return new SharedWorker(file, { type: "module", name: `pharos ${name} ${settings.url}` });
  } catch {
    // There is no SharedWorker here, or the page's policy forbids it.
    return undefined;
  }
}

/** Browsers free a lock when its page has gone, however it went. Pages without TLS have none. */
function holdLock(signal: AbortSignal): Promise<string | undefined> {
  if (!("locks" in navigator)) return Promise.resolve(undefined);
  const name = `pharos ${crypto.randomUUID()}`;
  const freed = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  return new Promise((resolve) => {
    const held = navigator.locks.request(name, () => {
      resolve(name);
      return freed;
    });
    held.catch(() => resolve(undefined));
  });
}
