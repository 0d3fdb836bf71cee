import { systemClock } from "../../../src/app/system-clock.js";
import type { Clock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/log.js";
import type { Logger } from "../../../src/base/log.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import type { Entry } from "../../../src/hub/publications/entry.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import type { Publication, PublicationInput } from "../../../src/hub/publications/publication.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { createEpoch } from "../../../src/journal/epoch.js";
import { startOf } from "../../../src/journal/logged/history/log-history.js";
import { LoggedJournal } from "../../../src/journal/logged/logged-journal.js";
import type { JournalEnd } from "../../../src/journal/logged/logged-journal.js";
import { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import type { SnapshotPart } from "../../../src/journal/snapshot-part.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import { defaultJournalLimits } from "../../../src/limits/journal.js";
import type { JournalLimits } from "../../../src/limits/journal.js";
import { defaultIdempotencyLimits } from "../../../src/limits/publications.js";
import type { IdempotencyLimits } from "../../../src/limits/publications.js";
import { MemoryLog, MemoryLogStore, type MemoryLogOptions } from "../log/memory-log.js";

export interface LoggedSiteOptions {
  readonly store?: MemoryLogStore;
  readonly limits?: Partial<JournalLimits>;
  readonly idempotency?: Partial<IdempotencyLimits>;
  readonly history?: Partial<HistoryLimits>;
  readonly replayBytes?: number;
  readonly maxRecordBytes?: number;
  readonly isShared?: boolean;
  /** True if the log has no space from the start. @default false */
  readonly isFull?: boolean;
  /** Sets the switches of the log before the journal opens. */
  readonly prepare?: (log: MemoryLog) => void;
  readonly logger?: Logger;
  readonly parts?: readonly SnapshotPart[];
  /** Gets each entry, also during a restart. */
  readonly follower?: (entry: Entry) => void;
  /** @default the clock of the machine */
  readonly clock?: Clock;
}

/** A journal over a log in memory, and the entries that its followers got. */
export class LoggedSite {
  readonly store: MemoryLogStore;
  readonly log: MemoryLog;
  readonly journal: LoggedJournal;
  readonly entries: Entry[] = [];
  /** Why the journal has ended. */
  end: JournalEnd | undefined;
  readonly #options: LoggedSiteOptions;

  /** A site that is not open yet, so that a test can follow its journal first. */
  constructor(options: LoggedSiteOptions) {
    this.store = options.store ?? new MemoryLogStore();
    this.#options = options;
    this.log = new MemoryLog({ store: this.store, ...pick(options) });
    const epochs = new EpochChain();
    const { clock = systemClock } = options;
    const history = new MemoryHistory({
      epochs,
      run: createEpoch(),
      clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, ...options.history },
      logStart: () => startOf(this.log),
    });
    this.journal = new LoggedJournal({
      log: this.log,
      history,
      epochs,
      clock,
      logger: options.logger ?? silentLogger,
      metrics: silentMetrics,
      idempotency: { ...defaultIdempotencyLimits, ...options.idempotency },
      limits: { ...defaultJournalLimits, ...options.limits },
      onEnd: (end) => (this.end = end),
      replayBytes: options.replayBytes ?? 0,
    });
    for (const part of options.parts ?? []) this.journal.keep(part);
    this.journal.follow({ apply: (entry) => void this.entries.push(entry) });
    const { follower } = options;
    if (follower !== undefined) this.journal.follow({ apply: follower });
  }

  /** Opens the log and the journal. With the store of another site, this is a restart of that hub. */
  static open(options: LoggedSiteOptions = {}): Promise<LoggedSite> {
    return new LoggedSite(options).open();
  }

  /** Opens the log and the journal. Call this once. */
  async open(): Promise<this> {
    await this.log.open();
    this.log.isFull = this.#options.isFull ?? false;
    this.#options.prepare?.(this.log);
    await this.journal.open();
    return this;
  }

  /** The data of all entries, in the order in which the followers got them. */
  get data(): readonly string[] {
    return this.entries.map(({ publication }) => publication.data);
  }

  /** What clients see of each entry. */
  get events(): readonly { readonly id: string; readonly data: string }[] {
    return this.entries.map(({ id, publication }) => ({ id, data: publication.data }));
  }

  /** Publishes the texts as one request. */
  publish(...data: readonly string[]): Promise<readonly string[]> {
    return this.publishOnce(undefined, ...data);
  }

  /** Publishes the texts as one request with this name. */
  publishOnce(name: string | undefined, ...data: readonly string[]): Promise<readonly string[]> {
    const group = this.journal.begin(name);
    for (const text of data) group.add(publicationOf({ data: text }));
    return Promise.resolve(group.commit());
  }
}

export function publicationOf(input: Partial<PublicationInput>): Publication {
  return parsePublication({ topics: ["a"], ...input });
}

function pick({ maxRecordBytes, isShared }: LoggedSiteOptions): MemoryLogOptions {
  return {
    ...(maxRecordBytes === undefined ? {} : { maxRecordBytes }),
    ...(isShared === undefined ? {} : { isShared }),
  };
}
