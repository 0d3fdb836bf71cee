import type { Clock } from "../base/clock.js";
import type { Config, Limits } from "../config/config.js";
import { PharosError } from "../base/errors.js";
import { BodyBudget } from "../gateway/limits/body-budget.js";
import { eventStreamResource } from "../protocols/pharos/esupdates.js";
import { ClientLimits } from "../gateway/limits/client-limits.js";
import { Gateway } from "../gateway/gateway.js";
import { healthResource } from "../protocols/pharos/health.js";
import type { IdempotencyLimits } from "../gateway/publishing/idempotency.js";
import { mercure } from "../protocols/mercure/mercure.js";
import { pollResource } from "../protocols/pharos/poll.js";
import { PollAdmission } from "../gateway/streams/poll-admission.js";
import { publishResource } from "../protocols/pharos/publish.js";
import type { PublishLinesLimits } from "../protocols/pharos/publish-lines.js";
import { PublishOnce } from "../gateway/publishing/publish-once.js";
import { WebSocketOrigins } from "../gateway/access/websocket-origins.js";
import { Publisher } from "../gateway/publishing/publisher.js";
import { Refusals } from "../gateway/refusals.js";
import type { StreamSettings } from "../gateway/streams/stream-start.js";
import type { Resource } from "../gateway/http/resource.js";
import { Authenticator } from "../gateway/access/authenticator.js";
import { webSocketResource } from "../protocols/pharos/websocket.js";
import type { TopicFilter } from "../hub/filters/filter.js";
import { shareOf } from "../hub/filters/filter-limits.js";
import type { Hub } from "../hub/hub.js";
import type { MemoryJournal } from "../journal/memory/memory-journal.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Polls } from "../delivery/polls/polls.js";
import type { Presence } from "../presence/presence.js";
import { filterLimits } from "./filter-limits.js";
import { pushStream } from "../protocols/push-stream/push-stream.js";
import type { PushStreamOptions } from "../protocols/push-stream/options.js";
import type { Stamps } from "../protocols/push-stream/messages/stamps.js";
import { tokenVerifier } from "./token-verifier.js";

export interface GatewayParts {
  readonly config: Config;
  readonly hub: Hub;
  readonly journal: MemoryJournal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Open streams of all fronts, and polls that wait. */
  readonly streams: () => number;
  readonly polls: Polls;
  /** Of all publications so far; undefined without the push stream module's scheme. */
  readonly stamps: Stamps | undefined;
  /** What `/healthz` says beside `status`. */
  readonly facts: () => Readonly<Record<string, unknown>>;
  /** True when the hub stops, and takes no more publications. */
  readonly isStopping: () => boolean;
  /** Who tells of subscriptions; undefined where nobody is to know of them. */
  readonly presence: Presence | undefined;
}

/** Everything that is served over HTTP, on every front the same. */
export function createGateway(parts: GatewayParts): Gateway {
  const { config, journal, presence } = parts;
  const visitors = new Authenticator({ ...config, verifier: tokenVerifier(config, parts) });
  const issuers = config.tokens.flatMap(({ issuer = [] }) => issuer);
  const streams = streamSettings(parts);
  const clients = clientLimits(parts);
  const publishing = new Publisher({
    visitors,
    append: (publication) => journal.append(publication),
    room: () => parts.hub.room(),
    limits: config.limits,
    open: config.open,
    clock: parts.clock,
    isStopping: parts.isStopping,
  });
  const polls = polling(parts, clients);
  const once = new PublishOnce({ clock: parts.clock, limits: idempotencyLimits(config.limits) });
  const refusals = new Refusals({ ...parts, addressOf: (request) => clients.clientOf(request).address });
  const origins = new WebSocketOrigins({ ...config, hubUrl: config.publicUrl });
  const talking = { streams, visitors, publishing, clients, refusals, origins };
  return new Gateway({
    corsOrigins: config.corsOrigins,
    clients,
    bodies: new BodyBudget({ ...config.limits, clients }),
    checkRoom: ({ filters }) => checkRoom(parts, filters),
    refusals,
    resources: [
      ...pushStreamPaths(parts, { ...talking, polling: polls }),
      eventStreamResource({ streams, visitors }),
      pollResource({ streams, visitors, polling: polls }),
      webSocketResource({ ...talking, checkRoom: (added) => checkFilterRoom(parts.hub, added) }),
      ...mercure({
        streams,
        visitors,
        publishing,
        once,
        hubUrl: config.publicUrl,
        history: journal,
        clock: parts.clock,
        issuers,
        subscriptions: presence && {
          active: presence.active,
          listBytes: config.limits.subscriptionListBytes,
        },
      }),
      publishResource({ publishing, once, lines: linesLimits(config.limits) }),
      healthResource(parts.facts),
    ],
  });
}

function pushStreamPaths(
  { config, hub, journal, stamps, clock, streams: subscribers }: GatewayParts,
  shared: Pick<
    PushStreamOptions,
    "streams" | "visitors" | "publishing" | "polling" | "origins" | "clients" | "refusals"
  >,
): readonly Resource[] {
  if (config.pushStream === "off" || stamps === undefined) return [];
  return pushStream({
    ...config.pushStream,
    ...shared,
    past: journal,
    stamps,
    readersOf: (topic) => hub.readersOf(topic),
    subscribers,
    topicBytes: config.limits.topicBytes,
    clock,
  });
}

/** Polls that wait are as many, and hold as much, as streams may. */
function polling(parts: GatewayParts, clients: ClientLimits): PollAdmission {
  const { polls, clock } = parts;
  return new PollAdmission({
    clock,
    polls,
    admit: (request, { filters }) => {
      checkRoom(parts, filters);
      return clients.admitStream(request, filters)();
    },
  });
}

function idempotencyLimits({ idempotency, idBytes }: Limits): IdempotencyLimits {
  const { answers, bytes, ageSeconds } = idempotency;
  return { entries: answers, bytes, ageMs: ageSeconds * 1000, keyBytes: idBytes };
}

function linesLimits({ publicationsPerRequest, linesPerRequest }: Limits): PublishLinesLimits {
  return { publications: publicationsPerRequest, lines: linesPerRequest };
}

function clientLimits({ config, clock }: GatewayParts): ClientLimits {
  const { limits, trustedProxies } = config;
  return new ClientLimits({
    trustedProxies,
    each: {
      streams: limits.connectionsPerAddress,
      requestsPerSecond: limits.requestsPerAddress,
      publishesPerSecond: limits.publishesPerAddress,
      filters: shareOf(filterLimits(limits), limits.filterPercentPerAddress),
    },
    eachLocal: {
      streams: limits.connectionsPerLocalAddress,
      requestsPerSecond: limits.requestsPerLocalAddress,
      publishesPerSecond: limits.publishesPerLocalAddress,
    },
    clock,
  });
}

function streamSettings({ config, presence }: GatewayParts): StreamSettings {
  const { retryMs, heartbeatSeconds, limits } = config;
  const { filtersPerConnection, filterBytes } = limits;
  const heartbeatMs = heartbeatSeconds * 1000;
  return { retryMs, heartbeatMs, filtersPerConnection, filterBytes, presence, compress: compressed(config) };
}

function compressed({ compress, compressPrivate }: Config): "none" | "public" | "all" {
  if (!compress) return "none";
  return compressPrivate ? "all" : "public";
}

/**
 * @throws PharosError `too-many-connections` when the hub has no room for a further stream with these filters,
 *   `bad-filter` when it holds too many patterns that begin like one of them
 */
function checkRoom({ config, hub, streams }: GatewayParts, filters: readonly TopicFilter[]): void {
  checkFilterRoom(hub, filters);
  if (streams() >= config.limits.connections) throw full();
}

/** @throws PharosError as {@link checkRoom}, for filters that a stream is to have */
function checkFilterRoom(hub: Hub, filters: readonly TopicFilter[]): void {
  hub.checkPatterns(filters);
  if (!hub.hasRoomFor(filters)) throw full();
}

function full(): PharosError {
  return new PharosError(
    "too-many-connections",
    "the server has as many streams, or filters, as it may have; try again later",
  );
}
