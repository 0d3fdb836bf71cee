import type { Cursor } from "../../hub/publications/history.js";
import { plainPositions } from "../../hub/publications/position.js";
import type { Offset, PositionFormat } from "../../hub/publications/position.js";
import { mayRead } from "../../hub/publications/rights.js";
import type { Rights } from "../../hub/publications/rights.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { EpochChain } from "../epoch-chain.js";
import type { EventIds, Identified } from "./event-ids.js";

export interface EventPlacesOptions {
  readonly epochs: EpochChain;
  readonly ids: EventIds;
  /** @default as plain text */
  readonly positions?: PositionFormat | undefined;
}

/** A reader who asks for the place of an event id. */
export interface PlaceReader {
  readonly rights: Rights;
  /** The offset of the newest entry. */
  readonly head: Offset;
}

/** Finds the places of event ids: positions, and the publishers' own ids. */
export class EventPlaces {
  readonly #epochs: EpochChain;
  readonly #ids: EventIds;
  readonly #positions: PositionFormat;

  constructor({ epochs, ids, positions = plainPositions }: EventPlacesOptions) {
    this.#epochs = epochs;
    this.#ids = ids;
    this.#positions = positions;
  }

  /** As {@link History.idAt}. */
  idAt(offset: Offset): string {
    return this.#positions.format({ epoch: this.#epochs.at(offset), offset });
  }

  /** As {@link History.locate}. */
  locate(eventId: string, { rights, head }: PlaceReader): Cursor {
    const entry = this.#ids.first(eventId);
    return this.#locatePosition(eventId, head) ?? firstOf(entry === undefined ? [] : [entry], rights);
  }

  /** As {@link TopicHistoryReader.locateIn}. */
  locateIn(topics: readonly Topic[], eventId: string, { rights, head }: PlaceReader): Cursor {
    const entries = topics.flatMap((topic) => this.#ids.inTopic(eventId, topic));
    return this.#locatePosition(eventId, head) ?? firstOf(entries, rights);
  }

  /** The cursor of a position; undefined for a publisher's own id. */
  #locatePosition(eventId: string, head: Offset): Cursor | undefined {
    if (eventId === "earliest") return { kind: "at", offset: 0 };
    const position = this.#positions.parse(eventId);
    return position === undefined ? undefined : this.#epochs.locate(position, head);
  }
}

/** The position of the first of these entries that the rights allow reading. */
function firstOf(entries: readonly Identified[], rights: Rights): Cursor {
  const readable = entries.filter(({ publication }) => mayRead(rights, publication));
  return readable.length === 0
    ? { kind: "lost", reason: "unknown-id" }
    : { kind: "at", offset: Math.min(...readable.map(({ offset }) => offset)) };
}
