import { eventStreamFormat, eventsOnlyFormat } from "../../gateway/formats/event-stream.js";
import type { Protocol, ProtocolPorts } from "../../gateway/protocol.js";
import { disconnectResource } from "./control/disconnect.js";
import { eventStreamResource } from "./esupdates.js";
import { eventStreamWithTopicsFormat } from "./event-stream-with-topics.js";
import { healthResource, probeResources } from "./health.js";
import { historyResource } from "./history/history-resource.js";
import { revokeResource, type RevokeSettings } from "./control/revoke.js";
import { pollResource } from "./poll.js";
import { publishResource } from "./publishing/publish.js";
import type { PublishLinesLimits } from "./publishing/publish-lines.js";
import { websocketFormat } from "./websocket-format.js";
import { webSocketResource } from "./websocket.js";

/** The hub's own protocol: event streams, WebSockets, long polling, publishing and the health check. */
export const pharosProtocol: Protocol = Object.freeze({
  name: "pharos",
  formats: [eventStreamFormat, eventsOnlyFormat, eventStreamWithTopicsFormat, websocketFormat],
  resources: (ports: ProtocolPorts) => [
    eventStreamResource(ports),
    pollResource(ports),
    webSocketResource(ports),
    historyResource(ports),
    publishResource({ ...ports, lines: linesLimits(ports) }),
    disconnectResource(ports),
    revokeResource({ ...ports, settings: revokeSettings(ports) }),
    healthResource(ports.facts),
    ...probeResources(ports.readiness),
  ],
});

function linesLimits({ config }: ProtocolPorts): PublishLinesLimits {
  return config.derive(({ limits }) => ({
    publications: limits.publicationsPerRequest,
    lines: limits.linesPerRequest,
  }));
}

function revokeSettings({ config }: ProtocolPorts): RevokeSettings {
  return config.derive(({ limits, tokenLeeway }) => ({
    revocationSeconds: limits.token.revocationSeconds,
    leewaySeconds: tokenLeeway,
  }));
}
