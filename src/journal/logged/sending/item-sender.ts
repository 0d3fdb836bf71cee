import type { Clock } from "../../../base/clock.js";
import { encodeItem } from "../../log/encode-record.js";
import type { Log } from "../../log/log.js";
import type { LoggedGroup, LoggedPublication, LogItem } from "../../log/record.js";
import type { GroupDraft } from "./group-draft.js";
import type { PendingItem } from "./pending-item.js";
import { recordHeadBytes, type RecordSender } from "./record-sender.js";
import { aboveRecord } from "./refusals.js";
import { TurnGroup } from "./turn-group.js";

type Calls = Pick<PendingItem, "applied" | "late" | "dropped">;

export interface ItemSenderOptions {
  readonly log: Pick<Log, "maxRecordBytes">;
  readonly clock: Clock;
  readonly sender: RecordSender;
}

/** Encodes items, and passes them to the sender of records, in the order of the calls. */
export class ItemSender {
  readonly #clock: Clock;
  readonly #sender: RecordSender;
  readonly #mostBytes: number;
  readonly #turnGroup: TurnGroup;

  constructor({ log, clock, sender }: ItemSenderOptions) {
    this.#clock = clock;
    this.#sender = sender;
    this.#mostBytes = log.maxRecordBytes - recordHeadBytes;
    this.#turnGroup = new TurnGroup({
      clock,
      mostBytes: this.#mostBytes,
      batchBytes: sender.batchBytes,
      send: (draft, calls) => {
        this.#addGroup(draft, calls);
        sender.send();
      },
    });
  }

  /** @throws PharosError `too-large` if no record can contain the item */
  send(item: Exclude<LogItem, LoggedGroup>, calls: Calls): void {
    this.flush();
    this.#add(item, { encoded: Buffer.from(encodeItem(item)), publications: 0, ...calls });
  }

  /** @throws PharosError `too-large` if no record can contain the group */
  sendGroup(draft: GroupDraft, calls: Calls): void {
    this.flush();
    this.#addGroup(draft, calls);
  }

  /** As {@link TurnGroup.add}. */
  addToTurn(publication: LoggedPublication): Promise<void> {
    return this.#turnGroup.add(publication);
  }

  /** Passes on what {@link addToTurn} has collected. */
  flush(): void {
    this.#turnGroup.send();
  }

  #addGroup(draft: GroupDraft, calls: Calls): void {
    this.#add(draft.group, { encoded: draft.encode(), publications: draft.size, ...calls });
  }

  #add(item: LogItem, pending: Omit<PendingItem, "item" | "sinceMs">): void {
    if (pending.encoded.length > this.#mostBytes) throw aboveRecord(this.#mostBytes);
    this.#sender.add({ item, sinceMs: this.#clock.monotonic(), ...pending });
  }
}
