import type { Clock } from "../base/clock.js";
import type { Live } from "../base/live/live.js";
import type { Config } from "../config/config.js";
import type { TopicFilter } from "../hub/filters/filter.js";
import type { Journal } from "../journal/journal.js";
import type { Entry } from "../hub/publications/entry.js";
import type { Format } from "../hub/publications/format.js";
import type { Topic } from "../hub/topics/topic.js";
import type { TopicHistoryReader } from "../journal/topic-history-reader.js";
import type { ActiveSubscriptions } from "../presence/active-subscriptions.js";
import type { Authenticator } from "./access/authenticator.js";
import type { WebSocketOrigins } from "./access/websocket-origins.js";
import type { Disconnects } from "./control/disconnects.js";
import type { Revocations } from "./control/revocations.js";
import type { ReadinessReport } from "./http/probes.js";
import type { Resource } from "./http/resource.js";
import type { ClientLimits } from "./limits/client-limits.js";
import type { Deleter } from "./publishing/deleter.js";
import type { PublishOnce } from "./publishing/publish-once.js";
import type { Publisher } from "./publishing/publisher.js";
import type { RefusalLog } from "./refusals/refusal-log.js";
import type { PollAdmission } from "./streams/poll-admission.js";
import type { StreamSettings } from "./streams/stream-start.js";

/**
 * A protocol that clients use to talk to the hub. Each protocol has one folder in `src/protocols/`. To add a
 * protocol, write its folder and add the protocol to the list in `src/protocols/protocols.ts`.
 */
export interface Protocol {
  readonly name: string;
  /**
   * The formats of the protocol's streams. Worker processes look up a format by its name, to write the bytes that are
   * not from a publication.
   */
  readonly formats: readonly QuietFormat[];
  /** The HTTP resources of the protocol; none if the configuration switches the protocol off. */
  resources(ports: ProtocolPorts): readonly Resource[];
}

/** The members of a format that are the same for every hub. */
export type QuietFormat = Pick<Format, "name" | "heartbeat" | "retry">;

/** The parts of the hub that a protocol may use. */
export interface ProtocolPorts {
  readonly config: Live<Config>;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly origins: WebSocketOrigins;
  readonly clients: ClientLimits;
  readonly refusals: RefusalLog;
  readonly publishing: Publisher;
  readonly once: PublishOnce;
  readonly deleter: Deleter;
  readonly disconnects: Disconnects;
  readonly revocations: Revocations;
  readonly streams: StreamSettings;
  readonly polling: PollAdmission;
  readonly history: TopicHistoryReader;
  /** The active subscriptions; undefined if presence is off. */
  readonly subscriptions: ActiveSubscriptions | undefined;
  /** A follower of the journal gets each publication, in order, before any client does. */
  readonly journal: Pick<Journal, "beganMs" | "commitNote" | "follow" | "keep">;
  /** Throws PharosError if the hub's limits do not allow these additional filters. */
  readonly checkFilters: (added: readonly TopicFilter[]) => void;
  /** The retained value of a topic, which may be private. */
  readonly retainedOf: (topic: Topic) => Entry | undefined;
  /** The number of connections that subscribe to a topic. */
  readonly readersOf: (topic: Topic) => number;
  /** The topics that connections follow by an exact filter. A topic may come several times. */
  readonly followedTopics: () => Iterable<Topic>;
  /** The number of open streams of all fronts, plus the number of waiting polls. */
  readonly subscribers: () => number;
  /** The fields of the `/healthz` response, without `status`. */
  readonly facts: () => Readonly<Record<string, unknown>> & {
    readonly journal: string;
    readonly linksShared?: number;
  };
  readonly readiness: () => ReadinessReport;
}
