import type { Publication } from "./publication.js";
import type { Topic } from "../topics/topic.js";

/** What a connection may read. The hub asks and compares; it does not know where rights come from. */
export interface Rights {
  /** Part of the cohort's key: connections with equal keys may read the same publications. */
  readonly key: string;
  /** False when no private publication at all may be read, so that not even their loss may be told. */
  readonly readsPrivate: boolean;
  /**
   * Whether a private publication may be read for having this topic: one of its topics is enough. Asked about
   * publications that are gone too, of which nothing but topics is known.
   */
  mayReadTopic(topic: Topic): boolean;
  /** Whether that may be so for some topic below this one; true where it is not known. */
  mayReadBelow(parent: Topic): boolean;
}

/** The rights of a stranger: whatever is not private. */
export const publicOnly: Rights = Object.freeze({
  key: "",
  readsPrivate: false,
  mayReadTopic: () => false,
  mayReadBelow: () => false,
});

/** True when a connection with these rights may see the publication. */
export function mayRead(rights: Rights, publication: Pick<Publication, "private" | "topics">): boolean {
  if (!publication.private) return true;
  return rights.readsPrivate && publication.topics.some((topic) => rights.mayReadTopic(topic));
}
