import { atMost } from "../../base/at-most.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Metrics } from "../../base/metrics.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Entry } from "../../hub/publications/entry.js";
import type { OlderEntries } from "../../hub/publications/history.js";
import type { Offset } from "../../hub/publications/position.js";
import { readsAll } from "../../hub/publications/rights.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { Deleted } from "../../journal/deletion.js";
import { isNothingDeleted } from "../../journal/deletion.js";
import type { Journal } from "../../journal/journal.js";

/**
 * The longest time for which a request waits for a publication that only the log has, in milliseconds: as long as a
 * publishing request waits for the journal, by default.
 */
const longestReadMs = 10_000;

export interface DeleterOptions {
  readonly journal: Pick<Journal, "history" | "delete">;
  /** True if the topic has a retained value. */
  readonly hasValue: (topic: Topic) => boolean;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Deletes publications for the HTTP resources of all protocols. The resources check the rights of the client. */
export class Deleter {
  readonly #options: DeleterOptions;

  constructor(options: DeleterOptions) {
    this.#options = options;
  }

  /**
   * Deletes all stored publications of a topic, and its retained value.
   *
   * @throws PharosError `not-found` if there are none; the errors of {@link Journal.delete}
   */
  async deleteTopic(topic: Topic): Promise<Deleted> {
    const { journal, hasValue, metrics } = this.#options;
    const nothing = new PharosError("not-found", `the topic ${quoteValue(topic)} has no stored publications`);
    // Without this, requests for topics that do not exist would fill the log.
    if (!journal.history.mayDelete(topic) && !hasValue(topic)) throw nothing;
    const deleted = await journal.delete({ topic });
    if (isNothingDeleted(deleted)) throw nothing;
    metrics.count("deletions_total", 1, { what: "topic" });
    return deleted;
  }

  /**
   * Deletes the publication of a topic with this event id. If the publication is the topic's retained value, the topic has
   * none afterwards.
   *
   * @throws PharosError `not-found` if there is none; `unavailable` if the log cannot be read; the errors of
   *   {@link Journal.delete}
   */
  async deleteEvent(topic: Topic, eventId: string): Promise<Deleted> {
    const { journal, metrics } = this.#options;
    const nothing = new PharosError(
      "not-found",
      `the topic ${quoteValue(topic)} has no stored publication with the id ${quoteValue(eventId)}`,
    );
    const cursor = journal.history.locateIn([topic], eventId, readsAll);
    const entry = cursor.kind === "at" ? await this.#find(topic, cursor.offset) : undefined;
    if (entry === undefined) throw nothing;
    const { offset, publication } = entry;
    const deleted = await journal.delete({ topic, only: { offset, publication } });
    if (isNothingDeleted(deleted)) throw nothing;
    metrics.count("deletions_total", 1, { what: "event" });
    return deleted;
  }

  /** The publication to a topic at this offset, from memory or from the log. */
  async #find(topic: Topic, offset: Offset): Promise<Entry | undefined> {
    const { history } = this.#options.journal;
    const filters = [{ kind: "exact", text: topic, topic } as const];
    const range = { filters, rights: readsAll, after: offset - 1, upTo: offset };
    let found: Entry | undefined;
    history.read(range, (entry) => {
      found = entry;
      return false;
    });
    if (found !== undefined || history.older === undefined) return found;
    const older = history.older(range, 1);
    return older && (await this.#readOlder(older))[0];
  }

  async #readOlder(read: (take: (older: OlderEntries) => void) => () => void): Promise<readonly Entry[]> {
    let entries: readonly Entry[] | undefined;
    let cancel: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => {
      cancel = read((older) => {
        ({ entries } = older);
        resolve();
      });
    });
    await atMost(this.#options.clock, longestReadMs, taken);
    if (entries !== undefined) return entries;
    cancel();
    throw new PharosError("unavailable", "the hub cannot read its journal at present; nothing was deleted", {
      retryAfterSeconds: 1,
    });
  }
}
