import type { Offset } from "./position.js";
import type { Topic } from "../topics/topic.js";

/** Deleted publications: all publications to a topic with offsets from `from` up to and including `upTo`. */
export interface DeletedRange {
  readonly topic: Topic;
  readonly from: Offset;
  readonly upTo: Offset;
}
