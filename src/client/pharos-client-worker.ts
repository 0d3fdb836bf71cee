import { parseHubAddress } from "./transports/address.js";
import { startLoop } from "./loop/keep-open.js";
import type { LoadFallbacks } from "./direct-feed.js";
import { transportsFor } from "./transports-for.js";
import * as fallbacks from "./pharos-client-fallbacks.js";
import { Tokens } from "./connection/tokens.js";
import { typedPort, type FromTab, type FromWorker } from "./shared/messages.js";
import { SharedConnection, type SharedConnectionOptions } from "./shared/shared-connection.js";

/** This file contains the fallbacks, so that a page of another origin needs a copy of this file only. */
const loadFallbacks: LoadFallbacks = async () => fallbacks;

/** Connects to the hub in the same way as a tab, with a token from one of the tabs. */
const makeFeed: SharedConnectionOptions["makeFeed"] = ({ settings, token, ...start }) => {
  const { url, transport, headers, credentials } = settings;
  const requestSettings = { headers, ...(credentials && { credentials }) };
  const options = { name: transport, settings: requestSettings, loadFallbacks };
  const transports = transportsFor(parseHubAddress(url), options);
  return startLoop({ transports, tokens: new Tokens(token) }, start);
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
