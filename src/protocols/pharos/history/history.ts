import { PharosError } from "../../../base/errors.js";
import type { Authenticator } from "../../../gateway/access/authenticator.js";
import { readRights } from "../../../gateway/access/read-rights.js";
import { eventFields } from "../../../gateway/formats/json.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { parseQuery, valueOf, type NameValuePairs } from "../../../gateway/http/query.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Handler } from "../../../gateway/http/resource.js";
import type { Entry } from "../../../hub/publications/entry.js";
import { isNothing, type Cursor } from "../../../hub/publications/history.js";
import { mayRead, type Rights } from "../../../hub/publications/rights.js";
import { parseTopic, type Topic } from "../../../hub/topics/topic.js";
import type { TopicHistoryReader, TopicPage } from "../../../journal/topic-history-reader.js";
import { historyPath, type GapNotice } from "../../../protocol.js";
import { parseTopicPath } from "../publishing/publish-body.js";
import { limitOf } from "./limit-parameter.js";

export interface ReadHistoryOptions {
  readonly authenticator: Authenticator;
  readonly history: Pick<TopicHistoryReader, "page" | "countsOf" | "locateIn">;
  readonly retainedOf: (topic: Topic) => Entry | undefined;
}

/** The most publications in a response, and the usual number. A page of 1,000 needs a few milliseconds. */
const publications = { most: 1000, usual: 100 };

/** The most bytes of publications in a response; one publication may be larger. As much as one request may publish. */
const maxBytes = 1024 * 1024;

/** The place of a page: before an event id, after one, or at the newest publications. */
type PagePlace = { readonly kind: "newest" } | { readonly kind: "before" | "after"; readonly id: string };

/**
 * `GET /history/TOPIC` returns publications of a topic that are in the memory of the hub, oldest first, with the fields
 * of polls and the time when they were stored: the newest ones, the newest ones before an event id (`before`), or the
 * oldest ones after an event id (`after`).
 *
 * - `more` says that memory has further ones: newer ones for `after`, else older ones.
 * - `gap` has the reason, as a gap event, if publications are no longer in memory: for `after` those after this id, else
 *   those before the oldest one in memory. An unknown id is a gap, too: `after` then begins with the oldest publication
 *   in memory, and `before` has none.
 * - `retained: true` marks the retained value. If the value is not among the events, `retained` of the response has it.
 *
 * Private publications need a token that grants the topic.
 */
export function readHistory({ authenticator, history, retainedOf }: ReadHistoryOptions): Handler {
  return async (request: GatewayRequest): Promise<Reply> => {
    const query = parseQuery(request.query);
    const topic = parseTopic(parseTopicPath(request.path.slice(historyPath.length + 1)));
    const count = limitOf(query, publications);
    const place = placeOf(query);
    const rights = readRights(await authenticator.subscriber(request, query));
    const { entries, more, gap } = readPlace(history, { topic, rights, count, place });
    const { published = 0, stored = 0 } = history.countsOf(topic, rights) ?? {};
    const value = readable(retainedOf(topic), rights);
    const isShown = entries.some(({ offset }) => offset === value?.offset);
    return jsonReply(200, {
      topic,
      published,
      stored,
      events: entries.map((entry) => fieldsOf(entry, value)),
      ...(more ? { more } : {}),
      ...(gap === undefined ? {} : { gap }),
      ...(value === undefined || isShown ? {} : { retained: fieldsOf(value, value) }),
    });
  };
}

/** @throws PharosError `bad-request` for both parameters, or for an empty id */
function placeOf(query: NameValuePairs): PagePlace {
  const [before, after] = [valueOf(query, "before"), valueOf(query, "after")];
  if (before !== undefined && after !== undefined)
    throw new PharosError("bad-request", "before and after cannot be combined");
  if (before === "" || after === "")
    throw new PharosError("bad-request", "before and after must be event ids, not empty");
  if (before !== undefined) return { kind: "before", id: before };
  return after === undefined ? { kind: "newest" } : { kind: "after", id: after };
}

interface Place {
  readonly topic: Topic;
  readonly rights: Rights;
  readonly count: number;
  readonly place: PagePlace;
}

type PageOfPlace = Pick<TopicPage, "entries" | "more"> & { readonly gap?: GapNotice };

function readPlace(history: ReadHistoryOptions["history"], wanted: Place): PageOfPlace {
  const { topic, rights, count, place } = wanted;
  const range = { count, maxBytes, rights };
  if (place.kind === "newest") return withGap(history.page(topic, range));
  const cursor: Cursor = history.locateIn([topic], place.id, rights);
  if (cursor.kind === "at") return withGap(history.page(topic, { ...range, [place.kind]: cursor.offset }));
  const gap = { reason: cursor.reason, topics: [], more: false };
  if (place.kind === "before") return { entries: [], more: false, gap };
  return { ...withGap(history.page(topic, { ...range, after: 0 })), gap };
}

function withGap({ entries, more, missing }: TopicPage): PageOfPlace {
  if (isNothing(missing)) return { entries, more };
  const { reason = "evicted", topics, more: moreMissing } = missing;
  return { entries, more, gap: { reason, topics, more: moreMissing } };
}

function readable(entry: Entry | undefined, rights: Rights): Entry | undefined {
  return entry !== undefined && mayRead(rights, entry.publication) ? entry : undefined;
}

function fieldsOf(entry: Entry, value: Entry | undefined): Readonly<Record<string, unknown>> {
  return {
    ...eventFields(entry),
    time: new Date(entry.atMs).toISOString(),
    ...(entry.offset === value?.offset ? { retained: true } : {}),
  };
}
