import { parsePublication } from "../hub/publications/publication.js";
import type { Publication, PublicationInput } from "../hub/publications/publication.js";
import { defaultTopic } from "../protocol.js";
import { checkPublication } from "./check-arguments.js";
import { dataText } from "./data-text.js";
import type { OutgoingPublication } from "./frames.js";

/** A publication as a program passes it to {@link HttpPublisher}. */
export interface HttpPublication extends Omit<OutgoingPublication, "topic"> {
  /** One topic or several topics. The first topic is the canonical one. @default "broadcast" */
  readonly topic?: string | readonly string[] | undefined;
}

/**
 * Validates a publication with the rules of the hub, so that the publishing program gets the error.
 *
 * @throws PharosError as `parsePublication`
 */
export function parseHttpPublication(publication: HttpPublication): Publication {
  return parsePublication(publicationInput(publication));
}

/**
 * The publication in the form of the hub, whose limits are not checked yet.
 *
 * @throws PharosError `bad-publication` for an unknown field, or a value of a wrong type
 */
export function publicationInput(publication: HttpPublication): PublicationInput {
  checkPublication(publication);
  const { topic = defaultTopic, data, ...rest } = publication;
  return { ...rest, data: dataText(data), topics: typeof topic === "string" ? [topic] : topic };
}

/** Encodes a publication as a form, which every Mercure hub accepts. A form has no fields for `retain` and `ttl`. */
export function encodeForm({ topics, data, id, type, retryMs, private: hidden }: Publication): string {
  const form = new URLSearchParams(topics.map((topic) => ["topic", topic]));
  form.append("data", data);
  if (hidden) form.append("private", "on");
  if (id !== undefined) form.append("id", id);
  if (type !== undefined) form.append("type", type);
  if (retryMs !== undefined) form.append("retry", String(retryMs));
  return form.toString();
}

/** Encodes a publication as one line of JSON, without a newline. The line omits false and absent fields. */
export function encodeLine(publication: Publication): string {
  const { topics, data, id, type, retryMs, ttlSeconds, retain } = publication;
  return JSON.stringify({
    topic: topics.length === 1 ? topics[0] : topics,
    data,
    id,
    type,
    retry: retryMs,
    ttl: ttlSeconds,
    retain: retain || undefined,
    private: publication.private || undefined,
  });
}
