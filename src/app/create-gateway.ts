import type { Config } from "../config/config.js";
import { atMost } from "../base/at-most.js";
import { PharosError } from "../base/errors.js";
import { BodyBudget } from "../gateway/limits/body-budget.js";
import { ClientLimits, type ClientLimitsOptions } from "../gateway/limits/client-limits.js";
import { spreadWait } from "../base/waits/spread-wait.js";
import { Gateway, type GatewayOptions } from "../gateway/gateway.js";
import { Disconnects } from "../gateway/control/disconnects.js";
import { Revocations } from "../gateway/control/revocations.js";
import { RevokedTokens } from "../gateway/control/revoked-tokens.js";
import { TokenClients } from "../gateway/control/token-clients.js";
import { CursorWait } from "../gateway/streams/cursor-wait.js";
import { PollAdmission } from "../gateway/streams/poll-admission.js";
import type { ProtocolPorts } from "../gateway/protocol.js";
import { Deleter } from "../gateway/publishing/deleter.js";
import { PublishOnce } from "../gateway/publishing/publish-once.js";
import { WebSocketOrigins } from "../gateway/access/websocket-origins.js";
import { Publisher } from "../gateway/publishing/publisher.js";
import { RefusalLog } from "../gateway/refusals/refusal-log.js";
import type { StreamReports } from "../gateway/streams/stream-reports.js";
import type { StreamSettings } from "../gateway/streams/stream-start.js";
import { Authenticator } from "../gateway/access/authenticator.js";
import type { Grants, TokenVerifier } from "../auth/grants/grants.js";
import type { Subscription } from "../hub/cohort.js";
import type { TopicFilter } from "../hub/filters/filter.js";
import { shareOf } from "../hub/filters/filter-limits.js";
import type { Hub } from "../hub/hub.js";
import type { Journal } from "../journal/journal.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Polls } from "../delivery/polls/polls.js";
import type { Presence } from "../presence/presence.js";
import { protocols } from "../protocols/protocols.js";
import { fanoutLimits } from "../limits/fanout.js";
import { filterLimits } from "./filter-limits.js";

export interface GatewayParts extends Pick<ProtocolPorts, "config" | "clock" | "facts" | "readiness"> {
  readonly verifier: TokenVerifier;
  readonly hub: Hub;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The number of open streams of all fronts, and of waiting polls. */
  readonly streams: () => number;
  readonly polls: Polls;
  /** True while the hub stops: it accepts no more publications. */
  readonly isStopping: () => boolean;
  /** Undefined if no client may see subscriptions. */
  readonly presence: Presence | undefined;
  readonly webhooks: StreamReports;
}

/** The resources of all protocols, the same on every front. */
export function createGateway(parts: GatewayParts): Gateway {
  const control = controlOf(parts);
  const ports = protocolPorts(parts, control);
  const { clients, refusals } = ports;
  const fixed = {
    catchUp: catchUp(parts),
    clients,
    bodies: new BodyBudget(parts.config.derive(({ limits }) => ({ ...limits, clients }))),
    checkRoom: ({ filters }: Subscription) => checkStream(parts, filters),
    refusals,
    ...control,
    webhooks: parts.webhooks,
    resources: protocols.flatMap((protocol) => protocol.resources(ports)),
  };
  return new Gateway(parts.config.derive(({ corsOrigins }) => ({ ...fixed, corsOrigins })));
}

/** The longest time for which a request waits for what other hubs have stored, in milliseconds. */
const longestCatchUpMs = 30_000;

/** Undefined if no other hub writes the journal. */
function catchUp({ journal, clock }: GatewayParts): GatewayOptions["catchUp"] {
  if (!journal.isShared) return undefined;
  const caughtUp = (): Promise<void> => atMost(clock, longestCatchUpMs, journal.caughtUp(longestCatchUpMs));
  const wait = new CursorWait({ history: journal.history, caughtUp });
  return (request) => wait.before(request);
}

/** What operators may do to clients, and what depends on it. */
interface Control {
  readonly tokenClients: TokenClients;
  readonly revoked: RevokedTokens;
}

function controlOf({ config, clock, metrics }: GatewayParts): Control {
  const revoked = new RevokedTokens({ clock, limits: config.derive(({ limits }) => limits.token) });
  return { revoked, tokenClients: new TokenClients({ revoked, metrics }) };
}

function protocolPorts(parts: GatewayParts, { tokenClients, revoked }: Control): ProtocolPorts {
  const { config, hub, journal, presence, verifier } = parts;
  const authenticator = new Authenticator(
    config.derive(({ anonymous, publishOrigins, cookieName }) => ({
      anonymous,
      publishOrigins,
      cookieName,
      verifier,
      checkRevoked: (grants: Grants) => revoked.check(grants),
    })),
  );
  const clients = clientLimits(parts);
  const disconnects = new Disconnects({ clients: tokenClients, journal });
  const revocations = new Revocations({ ...parts, revoked, clients: tokenClients });
  journal.keep(disconnects);
  journal.keep(revocations);
  return {
    ...parts,
    history: journal.history,
    authenticator,
    origins: new WebSocketOrigins(
      config.derive(({ corsOrigins, publicUrl }) => ({ corsOrigins, hubUrl: publicUrl })),
    ),
    clients,
    refusals: new RefusalLog({ ...parts, clients }),
    publishing: createPublisher(parts, authenticator),
    deleter: new Deleter({ ...parts, hasValue: (topic) => hub.retained.has(topic) }),
    once: new PublishOnce({ journal, limits: config.derive(({ limits }) => limits) }),
    streams: streamSettings(parts),
    polling: pollAdmission(parts, { clients, tokenClients }),
    disconnects,
    revocations,
    subscriptions: presence?.active,
    checkFilters: (added) => checkFilters(parts, added),
    retainedOf: (topic) => {
      hub.expire();
      return hub.retained.valueOf(topic);
    },
    readersOf: (topic) => hub.readersOf(topic),
    followedTopics: () => hub.followedTopics(),
    subscribers: parts.streams,
  };
}

function createPublisher(parts: GatewayParts, authenticator: Authenticator): Publisher {
  const { config, clock, hub, isStopping, journal } = parts;
  const fixed = {
    authenticator,
    clock,
    isStopping,
    begin: (groupName?: string) => journal.begin(groupName),
    room: () => hub.room() ?? journal.room(),
  };
  return new Publisher(config.derive(({ limits, open }) => ({ ...fixed, limits, open })));
}

/** The limits of streams also apply to polls, while the polls wait. */
function pollAdmission(
  parts: GatewayParts,
  { clients, tokenClients }: { readonly clients: ClientLimits; readonly tokenClients: TokenClients },
): PollAdmission {
  const { polls, clock } = parts;
  return new PollAdmission({
    clock,
    polls,
    tokenClients,
    admit: (request, { filters }) => {
      checkStream(parts, filters);
      return clients.admitStream(request, filters)();
    },
  });
}

function clientLimits({ config, clock }: GatewayParts): ClientLimits {
  return new ClientLimits(config.derive((settings) => ({ ...addressLimits(settings), clock })));
}

function addressLimits({ limits, trustedProxies }: Config): Omit<ClientLimitsOptions, "clock"> {
  return {
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
  };
}

function streamSettings({ config, presence }: GatewayParts): StreamSettings {
  return config.derive((settings) => {
    const { filtersPerConnection, filterBytes, roundBytes } = settings.limits;
    // The first message of a JSON stream announces the interval at which the fanout sends heartbeats.
    const { heartbeatMs } = fanoutLimits(settings, roundBytes);
    return {
      retryMs: () => spreadWait(settings.retryMs),
      heartbeatMs,
      filtersPerConnection,
      filterBytes,
      presence,
      compress: compressed(settings),
    };
  });
}

function compressed({ compress, compressPrivate }: Config): "none" | "public" | "all" {
  if (!compress) return "none";
  return compressPrivate ? "all" : "public";
}

/**
 * @throws PharosError `too-many-connections` when the hub has no capacity for another stream with these filters
 * @throws PharosError `bad-filter` when the hub has too many patterns that begin like one of these filters
 */
function checkStream(parts: GatewayParts, filters: readonly TopicFilter[]): void {
  checkFilters(parts, filters);
  if (parts.streams() >= parts.config.current.limits.connections) throw full();
}

/** @throws PharosError as {@link checkStream} */
function checkFilters({ config, hub, presence }: GatewayParts, filters: readonly TopicFilter[]): void {
  hub.checkPatterns(filters);
  const listed = presence?.active.bytes ?? 0;
  if (!hub.hasRoomFor(filters) || listed >= config.current.limits.subscriptionBytes) throw full();
}

function full(): PharosError {
  return new PharosError(
    "too-many-connections",
    "the limit of open streams, or of their filters, is reached; try again later",
  );
}
