import type { Publication } from "./publication.js";

/** What a connection may read. The hub asks and compares; it does not know where rights come from. */
export interface Rights {
  /** Part of the cohort's key: connections with equal keys may read the same publications. */
  readonly key: string;
  /** Asked for private publications only. */
  mayRead(publication: Publication): boolean;
  /** False when every private publication is refused, so that not even their loss may be told. */
  readonly readsPrivate: boolean;
}

/** The rights of a stranger: whatever is not private. */
export const publicOnly: Rights = Object.freeze({ key: "", mayRead: () => false, readsPrivate: false });

/** True when a connection with these rights may see the publication. */
export function mayRead(rights: Rights, publication: Publication): boolean {
  return !publication.private || rights.mayRead(publication);
}
