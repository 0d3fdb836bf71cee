import type { Clock } from "../../../base/clock.js";
import { encodePublication } from "../../log/encode-record.js";
import { publicationsPerRecord } from "../../log/record.js";
import type { LoggedPublication } from "../../log/record.js";
import { GroupDraft } from "./group-draft.js";
import type { PendingItem } from "./pending-item.js";
import { closed, aboveRecord } from "./refusals.js";

/** The bytes of the line in front of the publications, at most. */
const groupHeadBytes = 16;

export interface TurnGroupOptions {
  readonly clock: Pick<Clock, "endOfTurn">;
  /** The most bytes of an item of a record. */
  readonly mostBytes: number;
  /** The bytes at which another group begins. */
  readonly batchBytes: number;
  readonly send: (draft: GroupDraft, calls: Pick<PendingItem, "applied" | "dropped">) => void;
}

/** A group, and a promise that resolves when the group is applied. */
class OpenGroup {
  readonly draft = new GroupDraft();
  bytes = groupHeadBytes;
  readonly stored: Promise<void>;
  applied: () => void = () => undefined;
  dropped: () => void = () => undefined;

  constructor() {
    this.stored = new Promise((resolve, reject) => {
      this.applied = resolve;
      this.dropped = () => reject(closed());
    });
  }
}

/**
 * The publications of a turn that need no response. They become one group: with a group and a promise for each of them,
 * a publication over ZeroMQ took twice as much processor time.
 */
export class TurnGroup {
  readonly #options: TurnGroupOptions;
  #open: OpenGroup | undefined;

  constructor(options: TurnGroupOptions) {
    this.#options = options;
  }

  /**
   * Adds a publication behind all others. All calls for one group return the same promise.
   *
   * @throws PharosError `too-large` if no record can contain the publication
   */
  add(publication: LoggedPublication): Promise<void> {
    const { mostBytes, batchBytes } = this.#options;
    const line = encodePublication(publication);
    const bytes = Buffer.byteLength(line);
    if (groupHeadBytes + bytes > mostBytes) throw aboveRecord(mostBytes);
    const { bytes: used = 0, draft } = this.#open ?? {};
    if (used + bytes > batchBytes || draft?.size === publicationsPerRecord) this.send();
    const open = (this.#open ??= this.#begin());
    open.draft.add(publication, line);
    open.bytes += bytes;
    return open.stored;
  }

  /** Sends the group now. Call this before anything else is sent, to keep the order. */
  send(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#options.send(open.draft, open);
  }

  #begin(): OpenGroup {
    this.#options.clock.endOfTurn(() => this.send());
    return new OpenGroup();
  }
}
