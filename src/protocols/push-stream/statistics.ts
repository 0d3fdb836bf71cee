import { sum } from "../../base/sum.js";
import { hostname } from "node:os";
import type { PublisherIdentity } from "../../gateway/publishing/publisher.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { readRights } from "../../gateway/access/read-rights.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { PushStreamOptions } from "./options.js";

/** The statistics of a channel, with the field names and the field order of the module. */
export interface ChannelInfo {
  readonly channel: string;
  readonly published_messages: number;
  readonly stored_messages: number;
  readonly subscribers: number;
}

export interface ChannelList {
  readonly hostname: string;
  readonly time: string;
  readonly channels: number;
  readonly wildcard_channels: number;
  readonly uptime: number;
  readonly infos: readonly ChannelInfo[];
}

export interface Summary extends Omit<ChannelList, "infos" | "uptime"> {
  readonly published_messages: number;
  readonly stored_messages: number;
  readonly messages_in_trash: number;
  readonly channels_in_delete: number;
  readonly channels_in_trash: number;
  readonly subscribers: number;
  readonly uptime: number;
  readonly by_worker: readonly {
    readonly pid: string;
    readonly subscribers: number;
    readonly uptime: number;
  }[];
}

/**
 * Statistics of channels, for clients that may publish to these channels. A channel exists if it has messages or
 * subscribers.
 */
export class Statistics {
  /** The time for the lists of all requests in each turn. */
  readonly budget: TurnBudget;
  readonly #options: PushStreamOptions;
  readonly #startedAtMs: number;

  constructor(options: PushStreamOptions) {
    this.budget = new TurnBudget(options.clock);
    this.#options = options;
    this.#startedAtMs = options.clock.now();
  }

  /**
   * The statistics of a channel; undefined if the channel does not exist. Private messages count only for a publisher
   * that may also read them.
   */
  infoOf(channel: Topic, publisher: PublisherIdentity): ChannelInfo | undefined {
    const rights = readRights(publisher === "open" ? undefined : publisher);
    const counts = this.#options.history.countsOf(channel, rights);
    const subscribers = this.#options.readersOf(channel);
    if (counts === undefined && subscribers === 0) return undefined;
    const { published = 0, stored = 0 } = counts ?? {};
    return { channel, published_messages: published, stored_messages: stored, subscribers };
  }

  /**
   * All channels with this prefix that the publisher may publish to. The method pauses between channels, since there
   * may be 100,000.
   */
  async withPrefix(prefix: string, publisher: PublisherIdentity): Promise<readonly ChannelInfo[]> {
    const granted = publisher === "open" ? undefined : filterSetOf(publisher.publish);
    const infos = new Map<Topic, ChannelInfo>();
    await this.budget.map(this.#topics(), (topic) => {
      if (!topic.startsWith(prefix) || infos.has(topic) || granted?.matches(topic) === false) return;
      const info = this.infoOf(topic, publisher);
      if (info !== undefined) infos.set(topic, info);
    });
    return [...infos.values()];
  }

  /** The topics with messages, then the topics with subscribers. A topic may come several times. */
  *#topics(): Generator<Topic, void> {
    yield* this.#options.history.topicNames();
    yield* this.#options.followedTopics();
  }

  list(infos: readonly ChannelInfo[]): ChannelList {
    const { uptime, ...head } = this.#head(infos.length);
    return { ...head, uptime, infos };
  }

  summary(infos: readonly ChannelInfo[]): Summary {
    const { uptime, ...head } = this.#head(infos.length);
    const subscribers = this.#options.subscribers();
    return {
      ...head,
      published_messages: sum(infos.map((info) => info.published_messages)),
      stored_messages: sum(infos.map((info) => info.stored_messages)),
      messages_in_trash: 0,
      channels_in_delete: 0,
      channels_in_trash: 0,
      subscribers,
      uptime,
      by_worker: [{ pid: String(process.pid), subscribers, uptime }],
    };
  }

  #head(channels: number): Omit<ChannelList, "infos"> {
    const nowMs = this.#options.clock.now();
    return {
      hostname: hostname(),
      // The module writes no time zone; here the time zone is UTC.
      time: new Date(nowMs).toISOString().slice(0, 19),
      channels,
      wildcard_channels: 0,
      uptime: Math.max(0, Math.floor((nowMs - this.#startedAtMs) / 1000)),
    };
  }
}
