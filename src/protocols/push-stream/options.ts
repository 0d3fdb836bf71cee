import type { Clock } from "../../base/clock.js";
import type { ChannelDeletions } from "./channels/channel-deletions.js";
import type { ChannelLimits } from "./channels/channels.js";
import type { ClientLimits } from "../../gateway/limits/client-limits.js";
import type { WebSocketOrigins } from "../../gateway/access/websocket-origins.js";
import type { PollAdmission } from "../../gateway/streams/poll-admission.js";
import type { Publisher } from "../../gateway/publishing/publisher.js";
import type { RefusalLog } from "../../gateway/refusals/refusal-log.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";
import type { PublicationLimits } from "../../limits/publications.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { TopicHistoryReader } from "../../journal/topic-history-reader.js";
import type { Stamps } from "./messages/stamps.js";

export interface PushStreamOptions {
  /** The start of all paths: empty, or a path without a slash at its end. */
  readonly prefix: string;
  /** As the parameter of `pushStreamFormats`. @default undefined */
  readonly template?: string | undefined;
  readonly streams: StreamSettings;
  readonly authenticator: Authenticator;
  readonly publishing: Publisher;
  readonly polling: Pick<PollAdmission, "poll">;
  /** The origins whose pages may open WebSockets, or show streams in an iframe. */
  readonly origins: Pick<WebSocketOrigins, "admit" | "framePolicy">;
  /** The limits for publishing on WebSockets. @default none */
  readonly clients?: Pick<ClientLimits, "admitPublish"> | undefined;
  /** Counts and logs errors on WebSockets. @default none */
  readonly refusals?: Pick<RefusalLog, "note"> | undefined;
  readonly history: TopicHistoryReader;
  readonly stamps: Stamps;
  readonly deletions: ChannelDeletions;
  /** The number of connections that subscribe to a topic. */
  readonly readersOf: (topic: Topic) => number;
  /** The topics that connections follow by an exact filter. A topic may come several times. */
  readonly followedTopics: () => Iterable<Topic>;
  /** The number of open streams and waiting polls. */
  readonly subscribers: () => number;
  /** The most bytes in a channel's name. Read at each use. */
  readonly limits: Pick<PublicationLimits, "topicBytes">;
  readonly clock: Pick<Clock, "now" | "monotonic" | "endOfTurn">;
}

/** The limits that apply now to the channels of a request that publishes or reads statistics. */
export function channelLimits({ streams, limits }: PushStreamOptions): ChannelLimits {
  return { channels: streams.filtersPerConnection, topicBytes: limits.topicBytes };
}
