import type { Publication } from "./publication.js";
import type { Topic } from "../topics/topic.js";

/** The rights of a connection to read. The hub only calls and compares them; the gateway creates them. */
export interface Rights {
  /** Part of the cohort's key: connections with equal keys may read the same publications. */
  readonly key: string;
  /** False if the connection may read no private publication at all. Then it does not learn of their loss either. */
  readonly readsPrivate: boolean;
  /**
   * True if this topic gives the right to read a private publication; one of its topics is enough. Also called for
   * publications that are no longer stored, of which only the topics are known.
   */
  mayReadTopic(topic: Topic): boolean;
  /** True if {@link mayReadTopic} can be true for a topic below this one, or if this is unknown. */
  mayReadBelow(parent: Topic): boolean;
}

/** The rights without a token: everything that is not private. */
export const publicOnly: Rights = Object.freeze({
  key: "",
  readsPrivate: false,
  mayReadTopic: () => false,
  mayReadBelow: () => false,
});

/** True if these rights allow to read the publication. */
export function mayRead(rights: Rights, publication: Pick<Publication, "private" | "topics">): boolean {
  if (!publication.private) return true;
  return rights.readsPrivate && publication.topics.some((topic) => rights.mayReadTopic(topic));
}
