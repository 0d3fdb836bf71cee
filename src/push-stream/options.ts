import type { Clock } from "../clock.js";
import type { Polling } from "../gateway/poll.js";
import type { Publishing } from "../gateway/publishing.js";
import type { StreamSettings } from "../gateway/stream-start.js";
import type { Visitors } from "../gateway/visitors.js";
import type { Topic } from "../hub/topic.js";
import type { ChannelPast } from "./past.js";
import type { Stamps } from "./stamps.js";

export interface PushStreamOptions {
  /** What all paths begin with: empty, or a path without a slash at its end. */
  readonly prefix: string;
  readonly streams: StreamSettings;
  readonly visitors: Visitors;
  readonly publishing: Publishing;
  readonly polling: Polling;
  readonly past: ChannelPast;
  readonly stamps: Stamps;
  /** How many connections follow a topic. */
  readonly readersOf: (topic: Topic) => number;
  /** Open streams, and polls that wait. */
  readonly subscribers: () => number;
  /** Bytes of a channel's name. */
  readonly topicBytes: number;
  readonly clock: Pick<Clock, "now" | "monotonic" | "endOfTurn">;
}
