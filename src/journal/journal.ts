import type { Position } from "../hub/publications/position.js";
import type { Publication } from "../hub/publications/publication.js";

/** What a publication has become: its place, and the event id under which clients see it. */
export interface Receipt extends Position {
  /** The publisher's own, or the position where it has none or has used it before. */
  readonly id: string;
}

/**
 * The ordered record of publications. It gives each its place in the one hub-wide count and passes it on, in that
 * order, to whoever follows it.
 */
export interface Journal {
  /** Resolves, or returns at once, when the publication has its position and the hub has it. */
  append(publication: Publication): Receipt | Promise<Receipt>;
}
