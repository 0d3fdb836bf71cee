import type { Clock } from "../base/clock.js";
import type { Config } from "../config/config.js";
import type { TopicFilter } from "../hub/filters/filter.js";
import type { JournalFollower } from "../journal/journal.js";
import type { Format } from "../hub/publications/format.js";
import type { Topic } from "../hub/topics/topic.js";
import type { TopicHistoryReader } from "../journal/topic-history-reader.js";
import type { ActiveSubscriptions } from "../presence/active-subscriptions.js";
import type { Authenticator } from "./access/authenticator.js";
import type { WebSocketOrigins } from "./access/websocket-origins.js";
import type { Resource } from "./http/resource.js";
import type { ClientLimits } from "./limits/client-limits.js";
import type { PublishOnce } from "./publishing/publish-once.js";
import type { Publisher } from "./publishing/publisher.js";
import type { RefusalLog } from "./refusals/refusal-log.js";
import type { PollAdmission } from "./streams/poll-admission.js";
import type { StreamSettings } from "./streams/stream-start.js";

/**
 * A protocol that clients speak with the hub. Each is one folder in `src/protocols/`. To add one, write its folder and
 * add it to the list in `src/protocols/protocols.ts`.
 */
export interface Protocol {
  readonly name: string;
  /** The formats of its streams. Worker processes find them by their names, to write heartbeats. */
  readonly formats: readonly HeartbeatFormat[];
  /** The resources that it serves; none if the configuration switches it off. */
  resources(ports: ProtocolPorts): readonly Resource[];
}

/** The part of a format that depends on no hub. */
export type HeartbeatFormat = Pick<Format, "name" | "heartbeat">;

/** The parts of the hub that a protocol may use. */
export interface ProtocolPorts {
  readonly config: Config;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly origins: WebSocketOrigins;
  readonly clients: ClientLimits;
  readonly refusals: RefusalLog;
  readonly publishing: Publisher;
  readonly once: PublishOnce;
  readonly streams: StreamSettings;
  readonly polling: PollAdmission;
  readonly history: TopicHistoryReader;
  /** The active subscriptions; undefined if presence is off. */
  readonly subscriptions: ActiveSubscriptions | undefined;
  /** Adds a follower, which gets each publication, in order, before any client does. */
  readonly follow: (follower: JournalFollower) => void;
  /** Throws PharosError if the hub cannot hold these filters too. */
  readonly checkFilters: (added: readonly TopicFilter[]) => void;
  /** The number of connections that follow a topic. */
  readonly readersOf: (topic: Topic) => number;
  /** The number of open streams of all fronts and of waiting polls. */
  readonly subscribers: () => number;
  /** The fields of `/healthz`, without `status`. */
  readonly facts: () => Readonly<Record<string, unknown>>;
}
