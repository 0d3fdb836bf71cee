import { PharosError } from "../../../base/errors.js";
import { defaultMaxTargets, frameTargets } from "../wire/response.js";

/**
 * Connections of one link that get the same message: 1 to 128 ids, which do not change. Use one object as long as the
 * ids stay the same, because each object encodes its message head only once. At 128 ids the head has half a kilobyte of
 * text.
 */
export class Targets {
  readonly ids: readonly number[];
  readonly #max: number;
  #sender = "";
  #head: Buffer | undefined;

  /** Throws `bad-mongrel2-response` if `ids` is empty, longer than `max`, or contains an invalid id. */
  constructor(ids: readonly number[], max = defaultMaxTargets) {
    if (ids.length === 0 || ids.length > max)
      throw refusal(`a message must name 1 to ${max} connections, not ${ids.length}`);
    for (const id of ids) {
      if (id >>> 0 !== id)
        throw refusal(`a connection id must be a whole number from 0 to 4294967295, not ${id}`);
    }
    this.ids = Object.freeze([...ids]);
    this.#max = max;
  }

  /** Splits any number of ids into groups of at most `max`, in order; no ids give no groups. */
  static split(ids: readonly number[], max = defaultMaxTargets): readonly Targets[] {
    const groups: Targets[] = [];
    for (let start = 0; start < ids.length; start += max) {
      groups.push(new Targets(ids.slice(start, start + max), max));
    }
    return groups;
  }

  /** The encoded message head. Queued messages share this Buffer, so never change it. */
  head(sender: string): Buffer {
    if (this.#head === undefined || this.#sender !== sender) {
      this.#head = frameTargets(sender, this.ids, this.#max);
      this.#sender = sender;
    }
    return this.#head;
  }
}

function refusal(message: string): PharosError {
  return new PharosError("bad-mongrel2-response", message);
}
