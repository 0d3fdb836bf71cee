import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { parsePosition, type Epoch, type Offset } from "../../hub/publications/position.js";
import type { EpochChain } from "../../journal/epoch-chain.js";

/** The epochs that a message names at most. */
const mostNamed = 3;

/** Where a dump starts: behind a position, behind the publication with a publisher's own id, or at the start. */
export class DumpStart {
  readonly #text: string | undefined;
  readonly #epoch: Epoch | undefined;
  readonly #offset: Offset | undefined;
  #isReached: boolean;
  /** True if the journal does not know the position. All epochs are read all the same, for the message. */
  #isUnknown = false;

  /** @param text an event id of the hub, a bare offset, or a publisher's own id; undefined for the start */
  constructor(text: string | undefined) {
    this.#text = text;
    const position = text === undefined ? undefined : parsePosition(text);
    this.#epoch = position?.epoch;
    this.#offset = position?.offset ?? offsetIn(text ?? "0");
    this.#isReached = text === undefined;
  }

  /**
   * True if the publication lies behind the start. Call this for each publication, in order.
   *
   * @param ownId the id that its publisher gave
   * @param epochs all epochs up to the publication
   */
  isBehind(offset: Offset, ownId: string | undefined, epochs: EpochChain): boolean {
    if (this.#isReached) return true;
    if (this.#offset === undefined) {
      this.#isReached = ownId === this.#text;
      return false;
    }
    if (offset <= this.#offset || this.#isUnknown) return false;
    this.#isReached = this.#isIn(epochs, this.#offset);
    this.#isUnknown = !this.#isReached;
    return this.#isReached;
  }

  /**
   * Call this after the last publication.
   *
   * @param head the largest offset that the journal can have
   * @throws PharosError `bad-config` if the journal does not know the start
   */
  end(head: Offset, epochs: EpochChain): void {
    if (this.#isReached) return;
    if (this.#offset === undefined)
      throw this.#error("allowed: the event id of a stored publication, or an offset");
    if (!this.#isIn(epochs, this.#offset))
      throw this.#error(
        this.#epoch !== undefined && epochs.has(this.#epoch)
          ? "allowed: offsets of this epoch. It ended before this offset, and what came after it is lost"
          : `allowed: event ids of ${named(epochs)}`,
      );
    if (this.#offset > head) throw this.#error(`allowed: offsets up to ${head}`);
  }

  /** True for a bare offset. */
  #isIn(epochs: EpochChain, offset: Offset): boolean {
    const epoch = this.#epoch;
    return epoch === undefined || epochs.locate({ epoch, offset }, offset).kind === "at";
  }

  #error(allowed: string): PharosError {
    return new PharosError("bad-config", `--after: given ${quoteValue(this.#text ?? "")}, ${allowed}`);
  }
}

/** Undefined for a publisher's own id. */
function offsetIn(text: string): Offset | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function named({ epochs }: EpochChain): string {
  const names = epochs.slice(-mostNamed).join(", ");
  if (epochs.length <= mostNamed) return `the ${epochs.length === 1 ? "epoch" : "epochs"} ${names}`;
  return `${epochs.length} epochs, the last of them ${names}`;
}
