import type { Clock } from "../clock.js";
import type { Config } from "../config/config.js";
import { eventStreams } from "../gateway/event-streams.js";
import { ClientLimits } from "../gateway/client-limits.js";
import { Gateway } from "../gateway/gateway.js";
import { health } from "../gateway/health.js";
import { mercure } from "../gateway/mercure.js";
import { publish } from "../gateway/publish.js";
import { Publishing } from "../gateway/publishing.js";
import { Refusals } from "../gateway/refusals.js";
import type { StreamSettings } from "../gateway/stream-start.js";
import { Visitors } from "../gateway/visitors.js";
import type { Hub } from "../hub/hub.js";
import type { MemoryJournal } from "../journal/memory-journal.js";
import type { Logger } from "../log.js";
import type { Metrics } from "../metrics.js";
import { tokenVerifier } from "./token-verifier.js";

export interface GatewayParts {
  readonly config: Config;
  readonly hub: Hub;
  readonly journal: MemoryJournal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Open streams of all fronts. */
  readonly streams: () => number;
  /** What `/healthz` says beside `status`. */
  readonly facts: () => Readonly<Record<string, unknown>>;
  /** True when the hub stops, and takes no more publications. */
  readonly isStopping: () => boolean;
}

/** Everything that is served over HTTP, on every front the same. */
export function createGateway(parts: GatewayParts): Gateway {
  const { config, journal } = parts;
  const visitors = new Visitors({ ...config, verifier: tokenVerifier(config, parts) });
  const issuers = config.tokens.flatMap(({ issuer = [] }) => issuer);
  const streams = streamSettings(parts);
  const clients = clientLimits(parts);
  const publishing = new Publishing({
    visitors,
    append: (publication) => journal.append(publication),
    room: () => parts.hub.room(),
    limits: config.limits,
    hubUrl: config.publicUrl,
    open: config.open,
    isStopping: parts.isStopping,
  });
  return new Gateway({
    corsOrigins: config.corsOrigins,
    clients,
    refusals: new Refusals({ ...parts, addressOf: (request) => clients.clientOf(request).address }),
    resources: [
      eventStreams({ streams, visitors }),
      ...mercure({ streams, visitors, publishing, hubUrl: config.publicUrl, history: journal, issuers }),
      publish({ publishing, limits: config.limits, clock: parts.clock }),
      health(parts.facts),
    ],
  });
}

function clientLimits({ config, clock }: GatewayParts): ClientLimits {
  const { limits, trustedProxies } = config;
  return new ClientLimits({
    trustedProxies,
    each: { streams: limits.connectionsPerAddress, publishesPerSecond: limits.publishesPerAddress },
    eachLocal: {
      streams: limits.connectionsPerLocalAddress,
      publishesPerSecond: limits.publishesPerLocalAddress,
    },
    clock,
  });
}

function streamSettings({ config, hub, streams }: GatewayParts): StreamSettings {
  const { retryMs, limits } = config;
  return {
    retryMs,
    filtersPerConnection: limits.filtersPerConnection,
    filterBytes: limits.filterBytes,
    hasRoom: (filters) => {
      hub.checkPatterns(filters);
      return streams() < limits.connections && hub.hasRoomFor(filters);
    },
  };
}
