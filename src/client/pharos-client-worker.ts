import { parseHubAddress } from "./transports/address.js";
import { ownFeed, transportsFor } from "./feeds.js";
import { Tokens } from "./connection/tokens.js";
import { typedPort, type FromTab, type FromWorker } from "./shared/messages.js";
import { SharedConnection, type SharedConnectionOptions } from "./shared/shared-connection.js";

/** As a tab would, and with the tokens of the tabs. */
const makeFeed: SharedConnectionOptions["makeFeed"] = ({ settings, token, ...beginning }) => {
  const transports = transportsFor(parseHubAddress(settings.url), settings.transport, settings);
  return ownFeed({ transports, tokens: new Tokens(token) }, beginning);
};

// Locks are for pages with TLS, or of this machine, only.
const lockFreed =
  "locks" in navigator
    ? (name: string): Promise<void> => navigator.locks.request(name, () => undefined)
    : undefined;

const hub = new SharedConnection({ makeFeed, lockFreed });

globalThis.addEventListener("connect", (event) => {
  const [port] = event instanceof MessageEvent ? event.ports : [];
  if (port !== undefined) hub.connect(typedPort<FromWorker, FromTab>(port));
});
