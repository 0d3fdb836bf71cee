import type { Clock } from "../../base/clock.js";
import type { ClientLimits } from "../../gateway/limits/client-limits.js";
import type { WebSocketOrigins } from "../../gateway/access/websocket-origins.js";
import type { PollAdmission } from "../../gateway/streams/poll-admission.js";
import type { Publisher } from "../../gateway/publishing/publisher.js";
import type { RefusalLog } from "../../gateway/refusals/refusal-log.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { TopicPast } from "../../journal/topic-past.js";
import type { Stamps } from "./messages/stamps.js";

export interface PushStreamOptions {
  /** What all paths begin with: empty, or a path without a slash at its end. */
  readonly prefix: string;
  readonly streams: StreamSettings;
  readonly authenticator: Authenticator;
  readonly publishing: Publisher;
  readonly polling: Pick<PollAdmission, "poll">;
  /** Pages that may open WebSockets, and frame streams. */
  readonly origins: Pick<WebSocketOrigins, "check" | "framePolicy">;
  /** Who may publish once more on a WebSocket. @default everybody */
  readonly clients?: Pick<ClientLimits, "admitPublish"> | undefined;
  /** Where refusals on WebSockets are noted. @default nowhere */
  readonly refusals?: Pick<RefusalLog, "note"> | undefined;
  readonly past: TopicPast;
  readonly stamps: Stamps;
  /** How many connections follow a topic. */
  readonly readersOf: (topic: Topic) => number;
  /** Open streams, and polls that wait. */
  readonly subscribers: () => number;
  /** Bytes of a channel's name. */
  readonly topicBytes: number;
  readonly clock: Pick<Clock, "now" | "monotonic" | "endOfTurn">;
}
