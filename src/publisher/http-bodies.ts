import { parsePublication, type Publication } from "../hub/publications/publication.js";
import { defaultTopic } from "../protocol.js";
import type { OutgoingPublication } from "./frames.js";

/** What a program publishes over HTTP. */
export interface HttpPublication extends Omit<OutgoingPublication, "topic"> {
  /** One topic, or several of which the first is the canonical one. @default "broadcast" */
  readonly topic?: string | readonly string[] | undefined;
}

/**
 * Validates a publication as the hub will, so that a mistake is told to who made it.
 *
 * @throws PharosError as `parsePublication`
 */
export function parseHttpPublication({ topic = defaultTopic, ...rest }: HttpPublication): Publication {
  return parsePublication({ ...rest, topics: typeof topic === "string" ? [topic] : topic });
}

/** Encodes a publication as the form that any Mercure hub takes. A form has no word for `retain`. */
export function encodeForm({ topics, data, id, type, retryMs, private: hidden }: Publication): string {
  const form = new URLSearchParams(topics.map((topic) => ["topic", topic]));
  form.append("data", data);
  if (hidden) form.append("private", "on");
  if (id !== undefined) form.append("id", id);
  if (type !== undefined) form.append("type", type);
  if (retryMs !== undefined) form.append("retry", String(retryMs));
  return form.toString();
}

/** Encodes a publication as one line of JSON, without its end; what is false or absent is left out. */
export function encodeLine(publication: Publication): string {
  const { topics, data, id, type, retryMs, retain } = publication;
  return JSON.stringify({
    topic: topics.length === 1 ? topics[0] : topics,
    data,
    id,
    type,
    retry: retryMs,
    retain: retain || undefined,
    private: publication.private || undefined,
  });
}
