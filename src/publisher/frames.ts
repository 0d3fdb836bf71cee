import type { PublicationInput } from "../hub/publication.js";
import { parsePublication } from "../hub/publication.js";
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
  const { topic = defaultTopic, ...rest } = publication;
  const parsed = parsePublication({ ...rest, topics: [topic] });
  const options = {
    ...(parsed.id === undefined ? {} : { id: parsed.id }),
    ...(parsed.type === undefined ? {} : { type: parsed.type }),
    ...(parsed.retryMs === undefined ? {} : { retry: parsed.retryMs }),
    ...(parsed.private ? { private: true } : {}),
    ...(parsed.retain ? { retain: true } : {}),
  };
  const frames = [Buffer.from(parsed.topics[0]), Buffer.from(parsed.data)];
  return Object.keys(options).length === 0 ? frames : [...frames, Buffer.from(JSON.stringify(options))];
}
