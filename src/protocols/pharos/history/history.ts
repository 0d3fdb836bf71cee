import type { Authenticator } from "../../../gateway/access/authenticator.js";
import { readRights } from "../../../gateway/access/read-rights.js";
import { eventFields } from "../../../gateway/formats/json.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { parseQuery } from "../../../gateway/http/query.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Handler } from "../../../gateway/http/resource.js";
import { parseTopic } from "../../../hub/topics/topic.js";
import type { TopicHistoryReader } from "../../../journal/topic-history-reader.js";
import { historyPath } from "../../../protocol.js";
import { parseTopicPath } from "../publishing/publish-body.js";
import { limitOf } from "./limit-parameter.js";

export interface ReadHistoryOptions {
  readonly authenticator: Authenticator;
  readonly history: Pick<TopicHistoryReader, "newest" | "countsOf">;
}

/** The most publications in a response, and the usual number. A page of 1,000 needs a few milliseconds. */
const publications = { most: 1000, usual: 100 };

/** The most bytes of publications in a response; one publication may be larger. As much as one request may publish. */
const maxBytes = 1024 * 1024;

/**
 * `GET /history/TOPIC` returns the newest publications of a topic that are in the memory of the hub, oldest first, with
 * the fields of polls and the time when they were stored. `more` says that older ones are in memory. Private publications
 * need a token that grants the topic.
 */
export function readHistory({ authenticator, history }: ReadHistoryOptions): Handler {
  return async (request: GatewayRequest): Promise<Reply> => {
    const query = parseQuery(request.query);
    const topic = parseTopic(parseTopicPath(request.path.slice(historyPath.length + 1)));
    const count = limitOf(query, publications);
    const rights = readRights(await authenticator.subscriber(request, query));
    const entries = history.newest(topic, { count, maxBytes, rights });
    const { published = 0, stored = 0 } = history.countsOf(topic, rights) ?? {};
    return jsonReply(200, {
      topic,
      published,
      stored,
      events: entries.map((entry) => ({ ...eventFields(entry), time: new Date(entry.atMs).toISOString() })),
      ...(entries.length < stored ? { more: true } : {}),
    });
  };
}
