import { encodeGroupHead, encodePublication } from "../../log/encode-record.js";
import type { LoggedGroup, LoggedPublication } from "../../log/record.js";

/** A group that may still grow. Each publication is encoded when it is added, so a large group blocks no turn. */
export class GroupDraft {
  readonly #once: string | undefined;
  readonly #publications: LoggedPublication[] = [];
  readonly #lines: string[] = [];

  constructor(once?: string) {
    this.#once = once;
  }

  /** The number of publications. */
  get size(): number {
    return this.#publications.length;
  }

  get group(): LoggedGroup {
    return { kind: "group", publications: this.#publications, ...this.#name };
  }

  add(publication: LoggedPublication, line = encodePublication(publication)): void {
    this.#publications.push(publication);
    this.#lines.push(line);
  }

  /** The group as a record contains it. */
  encode(): Buffer {
    return Buffer.from(
      encodeGroupHead({ kind: "group", size: this.size, ...this.#name }) + this.#lines.join(""),
    );
  }

  get #name(): Pick<LoggedGroup, "once"> {
    return this.#once === undefined ? {} : { once: this.#once };
  }
}
