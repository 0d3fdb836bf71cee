import type { Publication } from "./publication.js";
import type { Topic } from "../topics/topic.js";

/** The rights of a connection to read. The gateway creates the rights. The hub only calls and compares rights. */
export interface Rights {
  /** Part of the cohort's key: connections with equal keys may read the same publications. */
  readonly key: string;
  /**
   * False if the connection may read no private publication at all. Such a connection does not learn of the loss of
   * private publications.
   */
  readonly readsPrivate: boolean;
  /**
   * True if this topic gives the right to read a private publication; one topic of the publication is enough. The hub
   * also calls this for publications that are no longer stored, when only their topics are known.
   */
  mayReadTopic(topic: Topic): boolean;
  /** True if {@link mayReadTopic} may be true for a topic below `parent`. */
  mayReadBelow(parent: Topic): boolean;
}

/** The rights without a token: everything that is not private. */
export const publicOnly: Rights = Object.freeze({
  key: "",
  readsPrivate: false,
  mayReadTopic: () => false,
  mayReadBelow: () => false,
});

/** The rights of the hub itself, which may read every publication. Give them to no client. */
export const readsAll: Rights = Object.freeze({
  key: "*",
  readsPrivate: true,
  mayReadTopic: () => true,
  mayReadBelow: () => true,
});

/** True if these rights include reading the publication. */
export function mayRead(rights: Rights, publication: Pick<Publication, "private" | "topics">): boolean {
  if (!publication.private) return true;
  return rights.readsPrivate && publication.topics.some((topic) => rights.mayReadTopic(topic));
}
