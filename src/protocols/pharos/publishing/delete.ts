import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { parseForm } from "../../../gateway/http/form.js";
import type { GatewayRequest, Reply } from "../../../gateway/http/messages.js";
import { parseQuery, valueOf } from "../../../gateway/http/query.js";
import { jsonReply } from "../../../gateway/http/replies.js";
import type { Handler } from "../../../gateway/http/resource.js";
import type { Deleter } from "../../../gateway/publishing/deleter.js";
import type { Publisher } from "../../../gateway/publishing/publisher.js";
import { parseTopic } from "../../../hub/topics/topic.js";
import { publishPath } from "../../../protocol.js";
import { parseTopicPath } from "./publish-body.js";

export interface DeletePublicationsOptions {
  readonly publishing: Pick<Publisher, "publisher" | "checkTopics">;
  readonly deleter: Deleter;
}

/**
 * `DELETE /publish/TOPIC`, or `/publish?topic=TOPIC`, deletes the stored publications of a topic, and its retained value.
 * With the header `Event-ID`, or the parameter `id`, it deletes one publication. The client needs the right to publish to the topic. The response says
 * how many publications were deleted; private ones count, too. A publication with several topics stays in the others.
 */
export function deletePublications({ publishing, deleter }: DeletePublicationsOptions): Handler {
  return async (request: GatewayRequest): Promise<Reply> => {
    const publisher = await publishing.publisher(request, parseForm(request.query));
    const text = topicTextOf(request);
    publishing.checkTopics(publisher, [text]);
    const topic = parseTopic(text);
    const id = eventIdOf(request);
    const { publications, older, retained } =
      id === undefined ? await deleter.deleteTopic(topic) : await deleter.deleteEvent(topic, id);
    return jsonReply(200, {
      topic,
      ...(id === undefined ? {} : { id }),
      deleted: publications,
      retained,
      ...(older ? { older } : {}),
    });
  };
}

/** The topic in the path, or in the parameter `topic`. */
function topicTextOf({ path, query }: GatewayRequest): string {
  if (path !== publishPath) return parseTopicPath(path.slice(publishPath.length + 1));
  const [text, ...others] = parseQuery(query).flatMap(([name, value]) => (name === "topic" ? [value] : []));
  if (text !== undefined && others.length === 0) return text;
  throw new PharosError(
    "bad-request",
    `DELETE needs one topic, as ${publishPath}/TOPIC or ${publishPath}?topic=TOPIC, not ${others.length === 0 ? "none" : others.length + 1}`,
  );
}

function eventIdOf(request: GatewayRequest): string | undefined {
  const header = request.header("event-id");
  const parameter = valueOf(parseQuery(request.query), "id");
  if (header !== undefined && parameter !== undefined && header !== parameter)
    throw new PharosError(
      "bad-request",
      `the header Event-ID and the parameter id must not differ: ${quoteValue(header)} and ${quoteValue(parameter)}`,
    );
  const id = header ?? parameter;
  // A script with an empty variable must not delete the whole topic.
  if (id === "")
    throw new PharosError(
      "bad-event-id",
      "the id is empty; without an id, the request deletes the whole topic",
    );
  return id;
}
