import type { Clock } from "../../../base/clock.js";
import { TurnBudget } from "../../../base/turn-budget.js";
import type { Authenticator } from "../../../gateway/access/authenticator.js";
import { readRights } from "../../../gateway/access/read-rights.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { parseQuery, valueOf, type NameValuePairs } from "../../../gateway/http/query.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Handler } from "../../../gateway/http/resource.js";
import { filtersOf } from "../../../gateway/streams/stream-query.js";
import type { StreamSettings } from "../../../gateway/streams/stream-start.js";
import { filterSetOf, type FilterSet } from "../../../hub/filters/filter-set.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { Topic } from "../../../hub/topics/topic.js";
import type { TopicHistoryReader } from "../../../journal/topic-history-reader.js";
import { limitOf } from "./limit-parameter.js";

export interface ListTopicsOptions {
  readonly streams: Pick<StreamSettings, "filtersPerConnection" | "filterBytes">;
  readonly authenticator: Authenticator;
  readonly history: Pick<TopicHistoryReader, "topicNames" | "countsOf">;
  readonly readersOf: (topic: Topic) => number;
  readonly clock: Clock;
}

/** A topic in the list. */
export interface ListedTopic {
  readonly topic: Topic;
  /** The publications since the topic became known. */
  readonly published: number;
  /** The publications that are in the memory of the hub. */
  readonly stored: number;
  /** The streams of this hub that follow the topic. */
  readonly subscribers: number;
}

/** The most topics in a response, and the usual number. */
const topics = { most: 1000, usual: 100 };

interface Selection {
  /** Undefined for all topics. */
  readonly filters: FilterSet | undefined;
  /** Only topics behind this one. */
  readonly after: string;
  readonly limit: number;
  readonly rights: Rights;
}

/**
 * `GET /history` lists the topics with publications that the client may read, in the order of their characters' numbers.
 * The parameter `topic` selects by filters; `after` continues behind the last topic of the page before. `more` says that
 * there are further topics.
 */
export function listTopics(options: ListTopicsOptions): Handler {
  const { authenticator, streams } = options;
  // There may be 100,000 topics, so all lists share a part of each turn.
  const budget = new TurnBudget(options.clock);
  return async (request: GatewayRequest): Promise<Reply> => {
    const query = parseQuery(request.query);
    const limit = limitOf(query, topics);
    const filters = hasFilter(query) ? filterSetOf(filtersOf(query, streams)) : undefined;
    const rights = readRights(await authenticator.subscriber(request, query));
    const selection = { filters, after: valueOf(query, "after") ?? "", limit, rights };
    const [listed, more] = await firstTopics(selection, options, budget);
    return jsonReply(200, { topics: listed, ...(more ? { more } : {}) });
  };
}

function hasFilter(query: NameValuePairs): boolean {
  return query.some(([name]) => name === "topic");
}

async function firstTopics(
  { filters, after, limit, rights }: Selection,
  { history, readersOf }: ListTopicsOptions,
  budget: TurnBudget,
): Promise<readonly [listed: readonly ListedTopic[], more: boolean]> {
  const first = new FirstNames(limit + 1);
  await budget.map(history.topicNames(), (topic) => {
    if (topic <= after || filters?.matches(topic) === false || !first.mayHave(topic)) return;
    if (history.countsOf(topic, rights) !== undefined) first.add(topic);
  });
  const names = first.sorted();
  const listed = names.slice(0, limit).map((topic) => {
    const { published = 0, stored = 0 } = history.countsOf(topic, rights) ?? {};
    return { topic, published, stored, subscribers: readersOf(topic) };
  });
  return [listed, names.length > limit];
}

/** The first names in their order, of any number: it never has more than twice as many. */
class FirstNames {
  readonly #most: number;
  #names: Topic[] = [];
  /** No name behind this one is among the first. */
  #last: Topic | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  mayHave(name: Topic): boolean {
    return this.#last === undefined || name < this.#last;
  }

  add(name: Topic): void {
    this.#names.push(name);
    if (this.#names.length >= 2 * this.#most) this.#last = this.sorted().at(-1);
  }

  sorted(): readonly Topic[] {
    this.#names = this.#names.toSorted(byCharacters).slice(0, this.#most);
    return this.#names;
  }
}

function byCharacters(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
