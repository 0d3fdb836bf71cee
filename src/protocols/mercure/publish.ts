import { PharosError } from "../../base/errors.js";
import type { Publication, PublicationInput } from "../../hub/publications/publication.js";
import { parseForm, parseFormBytes, readForm } from "../../gateway/http/form.js";
import { refuseFormatCharacters } from "./format-characters.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { valueOf } from "../../gateway/http/query.js";
import type { PublishOnce } from "../../gateway/publishing/publish-once.js";
import type { Publisher } from "../../gateway/publishing/publisher.js";
import { textReply } from "../../gateway/http/replies.js";
import type { Handler } from "../../gateway/http/resource.js";

/**
 * Publishes the publication in a form body [draft-dunglas-mercure-08, publication]. The response body is the event
 * id.
 */
export function mercurePublish(publishing: Publisher, once: PublishOnce): Handler {
  return async (request) => {
    const publisher = await publishing.publisher(request, parseForm(request.query));
    const accept = (input: PublicationInput): Publication => publishing.accept(publisher, input);
    const work = async (groupName?: string): Promise<readonly string[]> =>
      publishing.publish(publicationsOf(await readForm(request), accept), groupName);
    const [id = ""] = await once.ids(request, publisher, work);
    return textReply({ status: 200, type: "text/plain; charset=utf-8", text: id, headers: [] });
  };
}

/** Parses the form when the caller asks for the publication, so that the forms of many requests share their turns. */
function* publicationsOf(
  form: Buffer,
  accept: (input: PublicationInput) => Publication,
): Generator<Publication, void> {
  yield accept(parseUpdate(parseFormBytes(form)));
}

/**
 * Parses the form. It ignores unknown fields. The field `private` makes the publication private, whatever its value.
 */
function parseUpdate(pairs: NameValuePairs): PublicationInput {
  const topics = pairs.flatMap(([name, value]) => (name === "topic" ? [value] : []));
  if (topics.length === 0) throw new PharosError("bad-topic", 'Missing "topic" parameter');
  const retry = valueOf(pairs, "retry");
  const input: PublicationInput = {
    topics,
    data: valueOf(pairs, "data"),
    id: valueOf(pairs, "id"),
    type: valueOf(pairs, "type"),
    retry: retry === "" ? undefined : retry,
    private: valueOf(pairs, "private") !== undefined,
  };
  refuseFormatCharacters(input);
  return input;
}
