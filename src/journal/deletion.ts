import type { Offset } from "../hub/publications/position.js";
import type { Publication } from "../hub/publications/publication.js";
import type { Topic } from "../hub/topics/topic.js";
import { SnapshotItem } from "./snapshot-item.js";

/** The name of the notes with deletions, in the log. */
export const deletionsPart = "deletions";

/**
 * A request to delete publications of a topic that are stored at this moment, and its retained value. A publication with
 * several topics stays in its other topics.
 */
export interface Deletion {
  readonly topic: Topic;
  /** The publication to delete. @default all publications, and the retained value */
  readonly only?: DeletedPublication | undefined;
}

/** What a hub has to know of a deleted publication that it no longer has in memory. */
export interface DeletedPublication {
  readonly offset: Offset;
  readonly publication: Pick<Publication, "topics" | "private">;
}

/** The result of a deletion. */
export interface Deleted {
  /** The number of publications that were deleted. Those that are only in a log do not count. */
  readonly publications: number;
  /** True if a log may have had more publications of the topic, which no reader gets any more. */
  readonly older: boolean;
  /** True if a retained value was deleted. */
  readonly retained: boolean;
}

/** True if the deletion has changed nothing. */
export function isNothingDeleted({ publications, older, retained }: Deleted): boolean {
  return publications === 0 && !older && !retained;
}

/** The deletion as the value of a note. Only the topics of a private publication are needed: they decide who learns of it. */
export function encodeDeletion({ topic, only }: Deletion): object {
  if (only === undefined) return { topic };
  const { offset, publication } = only;
  return publication.private ? { topic, offset, private: publication.topics } : { topic, offset };
}

/** @throws PharosError `bad-snapshot` for a value that {@link encodeDeletion} does not write */
export function parseDeletion(value: unknown): Deletion {
  const fields = new SnapshotItem(deletionsPart, value);
  const topic = fields.topic("topic");
  if (!fields.has("offset")) return { topic };
  const isPrivate = fields.has("private");
  const topics = isPrivate ? fields.topics("private") : ([topic] as const);
  return { topic, only: { offset: fields.count("offset"), publication: { topics, private: isPrivate } } };
}
