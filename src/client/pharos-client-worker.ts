import { parseHubAddress } from "./transports/address.js";
import { directFeed, transportsFor } from "./feeds.js";
import { Tokens } from "./connection/tokens.js";
import { typedPort, type FromTab, type FromWorker } from "./shared/messages.js";
import { SharedConnection, type SharedConnectionOptions } from "./shared/shared-connection.js";

/** Connects to the hub in the same way as a tab, with a token from one of the tabs. */
const makeFeed: SharedConnectionOptions["makeFeed"] = ({ settings, token, ...start }) => {
  const transports = transportsFor(parseHubAddress(settings.url), settings.transport, settings);
  return directFeed({ transports, tokens: new Tokens(token) }, start);
};

// The Web Locks API exists only in secure contexts, which are pages with TLS or on localhost.
const whenLockReleased =
  "locks" in navigator
    ? (name: string): Promise<void> => navigator.locks.request(name, () => undefined)
    : undefined;

const connection = new SharedConnection({ makeFeed, whenLockReleased });

globalThis.addEventListener("connect", (event) => {
  const [port] = event instanceof MessageEvent ? event.ports : [];
  if (port !== undefined) connection.connect(typedPort<FromWorker, FromTab>(port));
});
