import type { ClientKind, Transport } from "./client-kind.js";
import { mercureClient } from "./mercure-client.js";
import { eventStreamClient, pollClient, webSocketClient } from "./pharos-clients.js";
import { pushEventSource, pushPage, pushPoll, pushSocket } from "./push-stream-clients.js";

export const clientKinds: Readonly<Record<Transport, ClientKind>> = {
  "web-socket": webSocketClient,
  "event-stream": eventStreamClient,
  poll: pollClient,
  mercure: mercureClient,
  "push-ev": pushEventSource,
  "push-sub": pushPage,
  "push-ws": pushSocket,
  "push-lp": pushPoll,
};
