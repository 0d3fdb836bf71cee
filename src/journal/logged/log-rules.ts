import type { IdempotencyLimits } from "../../limits/publications.js";
import type { Answers } from "../answers.js";
import { recordFormat } from "../log/record.js";
import type { LoggedRules } from "../log/record.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SnapshotPart } from "../snapshot-part.js";

/**
 * The rules in force at this place of the log. All hubs that read the log must remember the same answers, so these limits
 * stand in the log and not in the settings of each hub.
 */
export class LogRules implements SnapshotPart {
  readonly name = "rules";
  readonly #answers: Pick<Answers, "limitBy">;
  #idempotency: IdempotencyLimits | undefined;

  constructor(answers: Pick<Answers, "limitBy">) {
    this.#answers = answers;
  }

  /** The item that sets these limits; undefined if they are in force already. */
  change({ answers, bytes, ageSeconds }: IdempotencyLimits): LoggedRules | undefined {
    const now = this.#idempotency;
    if (now?.answers === answers && now.bytes === bytes && now.ageSeconds === ageSeconds) return undefined;
    return { kind: "rules", format: recordFormat, idempotency: { answers, bytes, ageSeconds } };
  }

  set({ idempotency }: Pick<LoggedRules, "idempotency">): void {
    this.#idempotency = idempotency;
    this.#answers.limitBy(idempotency);
  }

  save(): readonly unknown[] {
    return this.#idempotency === undefined ? [] : [this.#idempotency];
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    const answers = fields.count("answers");
    this.set({
      idempotency: { answers, bytes: fields.count("bytes"), ageSeconds: fields.count("ageSeconds") },
    });
  }
}
