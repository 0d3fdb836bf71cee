import { isUtf8 } from "node:buffer";
import { PharosError } from "../../base/errors.js";
import type { Topic } from "../../hub/topics/topic.js";
import { decodeHead, endOfLine } from "./decode-record.js";
import type { PlainTopics } from "./plain-publication.js";
import { parseLoggedPublication } from "./record-lines.js";
import type { LoggedPublication } from "./record.js";

/** The third byte of a publication's line, which begins with `{"t":`. No other line has this byte there. */
const letterT = 0x74;

/** A publication of a record. */
export interface IndexedPublication extends LoggedPublication {
  /** The number of the publication in its record, from 0. */
  readonly index: number;
}

/** What a reader wants of a record. */
export interface WantedPublications {
  /** The number of the first wanted publication in the record. */
  readonly from: number;
  /**
   * The wanted topics: the result has the publications to these topics, and perhaps others. To search for the text of a
   * topic costs less than to decode. @default all
   */
  readonly topics?: readonly Topic[] | undefined;
}

/**
 * Reads the publications of a record one by one, without the other items of the record.
 *
 * @throws PharosError as `decodeRecord`, perhaps after some publications; lines that are left out are not checked
 */
export function* publicationsIn(
  payload: Buffer,
  { from, topics }: WantedPublications,
): Generator<IndexedPublication, void> {
  const search = topics && new TopicSearch(payload, topics);
  if (search?.isFoundBefore(payload.length) === false) return;
  if (!isUtf8(payload)) throw new PharosError("bad-record", "a record of the log is not valid UTF-8");
  decodeHead(payload);
  const known: PlainTopics = new Map();
  let index = 0;
  for (let at = endOfLine(payload, 0); at < payload.length;) {
    const end = endOfLine(payload, at);
    if (payload[at + 2] === letterT) {
      if (index >= from && (search?.isFoundBefore(end) ?? true))
        yield { ...parseLoggedPublication(payload.toString("utf8", at, end), known), index };
      index += 1;
    }
    search?.goOnAt(end);
    at = end;
  }
}

/** Searches the text of topics in a record. */
class TopicSearch {
  readonly #payload: Buffer;
  readonly #topics: readonly { readonly text: Buffer; next: number }[];

  constructor(payload: Buffer, topics: readonly Topic[]) {
    this.#payload = payload;
    this.#topics = topics.map((topic) => ({ text: Buffer.from(JSON.stringify(topic)), next: 0 }));
    for (const topic of this.#topics) topic.next = this.#indexOf(topic.text, 0);
  }

  isFoundBefore(end: number): boolean {
    return this.#topics.some(({ next }) => next < end);
  }

  goOnAt(start: number): void {
    for (const topic of this.#topics) if (topic.next < start) topic.next = this.#indexOf(topic.text, start);
  }

  #indexOf(text: Buffer, start: number): number {
    const index = this.#payload.indexOf(text, start);
    return index === -1 ? Infinity : index;
  }
}
