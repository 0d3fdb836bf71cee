import { PharosError } from "../base/errors.js";
import type { PublicationInput } from "../hub/publications/publication.js";
import { parsePublication } from "../hub/publications/publication.js";
import { defaultTopic } from "../protocol.js";
import { checkPublication } from "./check-arguments.js";
import { dataText, type PublisherData } from "./data-text.js";

/** A publication as a program passes it to a publisher. */
export interface OutgoingPublication {
  /** A list must have one topic: a ZeroMQ message has one. @default "broadcast" */
  readonly topic?: string | readonly string[] | undefined;
  /** A text or bytes in UTF-8, published as they are. Any other value is published as JSON. @default "" */
  readonly data?: PublisherData | undefined;
  readonly id?: PublicationInput["id"];
  readonly type?: PublicationInput["type"];
  /** The reconnection time that the hub sends to clients, in milliseconds. */
  readonly retry?: PublicationInput["retry"];
  /** The time after which no new reader gets the publication, in seconds from 1 to 31,536,000. @default never */
  readonly ttl?: PublicationInput["ttl"];
  readonly retain?: PublicationInput["retain"];
  readonly private?: PublicationInput["private"];
}

/**
 * Encodes a publication as a ZeroMQ message for a hub: topic, data and, if needed, options in JSON. The function
 * validates the publication with the rules of the hub, so that the publishing program gets the error.
 *
 * @throws PharosError as {@link parsePublication}
 */
export function encodeIngestMessage(publication: OutgoingPublication): Buffer[] {
  checkPublication(publication);
  const { topic = defaultTopic } = publication;
  const [first = "", ...others] = typeof topic === "string" ? [topic] : topic;
  if (others.length > 0)
    throw new PharosError(
      "bad-publication",
      "a publication over ZeroMQ has one topic; over HTTP, it may have several",
    );
  const { data, id, type, retry, ttl, retain } = publication;
  const parsed = parsePublication({
    topics: [first],
    data: dataText(data),
    id,
    type,
    retry,
    ttl,
    retain,
    private: publication.private,
  });
  const frames = [Buffer.from(parsed.topics[0]), Buffer.from(parsed.data)];
  // JSON.stringify leaves out undefined values.
  const options = JSON.stringify({
    id: parsed.id,
    type: parsed.type,
    retry: parsed.retryMs,
    ttl: parsed.ttlSeconds,
    private: parsed.private || undefined,
    retain: parsed.retain || undefined,
  });
  if (options !== "{}") frames.push(Buffer.from(options));
  return frames;
}
