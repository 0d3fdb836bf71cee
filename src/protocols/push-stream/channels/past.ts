import type { Entry } from "../../../hub/publications/entry.js";
import type { History } from "../../../hub/publications/history.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { Topic } from "../../../hub/topics/topic.js";

/** What of a channel's past may be wanted at once. */
export interface Backtrack {
  /** Messages at most. */
  readonly count: number;
  /** Their bytes at most, or one message. */
  readonly maxBytes: number;
  readonly rights: Rights;
}

export interface ChannelCounts {
  /** Publications ever, as long as the channel has been known. */
  readonly published: number;
  /** Of these, those that are still held. */
  readonly stored: number;
}

/** The past by channels; the journal has it. Every call is synchronous. */
export interface ChannelPast extends Pick<History, "head" | "idAt" | "locate"> {
  /** The last publications of a topic that may be read, in order. */
  newest(topic: Topic, wanted: Backtrack): readonly Entry[];
  /** Undefined for a topic that nothing was published to, or that is forgotten. */
  countsOf(topic: Topic): ChannelCounts | undefined;
  /** All topics that have counts. */
  topicNames(): Iterable<Topic>;
}
