import type { PublicationInput } from "../hub/publications/publication.js";
import { parsePublication } from "../hub/publications/publication.js";
import { defaultTopic } from "../protocol.js";

/** What a program publishes. */
export interface OutgoingPublication {
  /** @default "broadcast" */
  readonly topic?: string | undefined;
  readonly data?: PublicationInput["data"];
  readonly id?: PublicationInput["id"];
  readonly type?: PublicationInput["type"];
  /** The reconnection time that clients are told, in milliseconds. */
  readonly retry?: PublicationInput["retry"];
  readonly retain?: PublicationInput["retain"];
  readonly private?: PublicationInput["private"];
}

/**
 * Encodes a publication as the ZeroMQ message that a hub takes: topic, data, and JSON options where there
 * are any. It is validated as the hub will validate it, so that a mistake is told to who made it.
 *
 * @throws PharosError as {@link parsePublication}
 */
export function encodeIngestMessage(publication: OutgoingPublication): Buffer[] {
  const { topic, data, id, type, retry, retain } = publication;
  const parsed = parsePublication({
    topics: [topic ?? defaultTopic],
    data,
    id,
    type,
    retry,
    retain,
    private: publication.private,
  });
  const frames = [Buffer.from(parsed.topics[0]), Buffer.from(parsed.data)];
  // What is undefined is left out of JSON.
  const options = JSON.stringify({
    id: parsed.id,
    type: parsed.type,
    retry: parsed.retryMs,
    private: parsed.private || undefined,
    retain: parsed.retain || undefined,
  });
  if (options !== "{}") frames.push(Buffer.from(options));
  return frames;
}
