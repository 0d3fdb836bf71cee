import { ownFeed } from "../feeds.js";
import { Tokens } from "../tokens.js";
import { typedPort, workerNamePrefix, type FromTab, type FromWorker } from "./messages.js";
import { SharedHub, type SharedHubOptions } from "./shared-hub.js";

/**
 * Serves tabs, where this module runs as a SharedWorker that the library has started; elsewhere it does nothing. So
 * one file is both library and worker.
 */
export function serveTabs(): void {
  const name: unknown = Reflect.get(globalThis, "name");
  if (!("onconnect" in globalThis) || typeof name !== "string" || !name.startsWith(workerNamePrefix)) return;
  const { locks } = navigator;
  // Locks are for pages with TLS only.
  const lockFreed =
    "locks" in navigator ? (name: string): Promise<void> => locks.request(name, () => undefined) : undefined;
  const hub = new SharedHub({ makeFeed, lockFreed });
  globalThis.addEventListener("connect", (event) => {
    const [port] = event instanceof MessageEvent ? event.ports : [];
    if (port !== undefined) hub.connect(typedPort<FromWorker, FromTab>(port));
  });
}

/** As a tab would, and with the tokens of the tabs. */
const makeFeed: SharedHubOptions["makeFeed"] = ({ settings, filters, lastEventId, token, events }) => {
  const { url, transport, headers, credentials } = settings;
  const request = { headers, credentials, fetch: globalThis.fetch.bind(globalThis) };
  const tokens = new Tokens(token);
  return ownFeed({ url, transport, settings: request, tokens, filters, lastEventId }, events);
};
