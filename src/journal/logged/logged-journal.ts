import { atMost } from "../../base/at-most.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { Waiters } from "../../base/waiters.js";
import type { Publication } from "../../hub/publications/publication.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { IdempotencyLimits } from "../../limits/publications.js";
import type { JournalLimits } from "../../limits/journal.js";
import { Answers } from "../answers.js";
import type { Ids } from "../answers.js";
import type { Deleted, Deletion } from "../deletion.js";
import { createEpoch } from "../epoch.js";
import { parseEpoch } from "../../hub/publications/position.js";
import type { EpochChain } from "../epoch-chain.js";
import type {
  Journal,
  JournalFollower,
  JournalState,
  JournalStatus,
  PublicationGroup,
  Receipt,
} from "../journal.js";
import type { Log, LogState, Sequence, StoredRecord } from "../log/log.js";
import { offsetAt, publicationsPerRecord } from "../log/record.js";
import type { LoggedNote, LoggedPublication } from "../log/record.js";
import type { MemoryHistory } from "../memory/memory-history.js";
import type { SnapshotPart } from "../snapshot-part.js";
import { LogAgeing } from "./log-ageing.js";
import { Freshness } from "./nodes/freshness.js";
import { LoggedDeletions } from "./logged-deletions.js";
import { LogHistory } from "./history/log-history.js";
import type { OffsetSpan } from "./history/offset-spans.js";
import { GroupDraft } from "./sending/group-draft.js";
import { ItemSender } from "./sending/item-sender.js";
import { LogRules } from "./log-rules.js";
import { HubNodes } from "./nodes/hub-nodes.js";
import { RecordApplier } from "./record-applier.js";
import { RecordIntake } from "./record-intake.js";
import { RecordSender } from "./sending/record-sender.js";
import { changeUnknown, closed, outcomeUnknown, unavailable } from "./sending/refusals.js";
import { Runs } from "./runs.js";
import { Snapshots } from "./snapshots.js";
import { EpochStarts } from "./starting/epoch-starts.js";
import { StartAttempts } from "./starting/start-attempts.js";

export interface LoggedJournalOptions {
  /** A log that is open. The journal closes it. */
  readonly log: Log;
  /** An empty history in memory, whose option `logStart` is that of this log. The journal fills it from the log. */
  readonly history: MemoryHistory;
  readonly epochs: EpochChain;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits: JournalLimits;
  /** The limits on the answers to groups with a name. */
  readonly idempotency: IdempotencyLimits;
  /** Called at most once, when the journal stores nothing more and must be closed. */
  readonly onEnd: (end: JournalEnd) => void;
  /** The size of the history in memory, in bytes. A start replays enough of the log to fill it. */
  readonly replayBytes: number;
}

/**
 * Why a journal has ended:
 *
 * - `lost`: the log no longer holds the records that led to the present state; a new journal begins with what is left
 * - `failed`: a record cannot be used, for example that of a newer version; a new journal would fail again
 */
export type JournalEnd = { readonly kind: "lost" } | { readonly kind: "failed"; readonly error: unknown };

/** The epoch of publications whose own epoch the log no longer holds. */
const lostEpoch = parseEpoch("lost") ?? createEpoch();

/** The time for records in each turn of the event loop, in milliseconds. */
const turnMs = 5;

/**
 * A journal over a log. The log is the truth: an entry reaches history and the followers when the log has stored it. So
 * no client gets a position that a crash can take back.
 */
export class LoggedJournal implements Journal {
  readonly isShared: boolean;
  readonly history: LogHistory;
  readonly #options: LoggedJournalOptions;
  readonly #sender: RecordSender;
  readonly #items: ItemSender;
  readonly #applier: RecordApplier;
  readonly #intake: RecordIntake;
  readonly #answers = new Answers();
  readonly #snapshots: Snapshots;
  readonly #attempts: StartAttempts;
  readonly #epochStarts: EpochStarts;
  readonly #parts = new Map<string, SnapshotPart>();
  readonly #ageing: LogAgeing;
  readonly #waiters = new Waiters();
  readonly #nodes: HubNodes;
  readonly #deletions: LoggedDeletions;
  readonly #freshness: Freshness;
  #closing: Promise<void> | undefined;
  #isLive = false;
  #end: JournalEnd | undefined;

  constructor(options: LoggedJournalOptions) {
    this.#options = options;
    this.isShared = options.log.isShared;
    this.history = new LogHistory({ ...options, memory: options.history });
    const budget = new TurnBudget(options.clock, turnMs);
    this.#sender = new RecordSender({ ...options, onRecovered: () => this.#epochStarts.recovered() });
    this.#items = new ItemSender({ ...options, sender: this.#sender });
    const rules = new LogRules(this.#answers);
    this.#nodes = new HubNodes({
      ...options,
      send: (item, applied) => this.#items.send(item, { applied }),
      status: () => this.status,
    });
    this.#freshness = new Freshness({ ...options, applied: (sequence) => this.#until(sequence) });
    const { table } = this.#nodes;
    const state = { epochs: options.epochs, answers: this.#answers, rules, nodes: table };
    const skipped = (span: OffsetSpan): void => this.history.skip(span);
    const noted = ({ part, value }: LoggedNote): void => this.#parts.get(part)?.note?.(value);
    this.#attempts = new StartAttempts(options);
    this.#epochStarts = new EpochStarts({
      ...options,
      attempts: this.#attempts,
      newRules: () => rules.change(options.idempotency),
      applied: (sequence) => this.#waiters.until(() => this.#intake.applied >= sequence || this.#isOver),
      check: () => this.#checkStart(),
    });
    this.#snapshots = new Snapshots({ ...options, attempts: this.#attempts });
    const { filled } = this.#snapshots;
    this.#applier = new RecordApplier({ ...options, ...state, filled, budget, skipped, noted });
    this.#ageing = new LogAgeing({ ...options, snapshots: this.#snapshots });
    const runs = new Runs();
    const intake = { sender: this.#sender, applier: this.#applier, history: this.history, runs };
    this.#intake = new RecordIntake({ ...options, ...intake });
    this.#deletions = new LoggedDeletions(options.history);
    this.keep(this.#deletions);
    const own = [rules, runs, this.#ageing.times, options.epochs, this.#answers, this.history.skips, table];
    for (const part of [...own, ...options.history.parts]) this.keep(part);
  }

  get beganMs(): number {
    return this.#intake.beganMs ?? 0;
  }

  get nodes(): HubNodes | undefined {
    return this.isShared ? this.#nodes : undefined;
  }

  get status(): JournalStatus {
    const { state, figures } = this.#options.log;
    const lagMs = Math.max(this.#sender.oldestMs, this.#freshness.lagMs);
    return { state: this.#stateOf(state), lagMs, ...figures };
  }

  keep(part: SnapshotPart): void {
    this.#parts.set(part.name, part);
    this.#snapshots.add(part);
  }

  follow(follower: JournalFollower): void {
    this.#options.history.follow(follower);
  }

  /**
   * Fills the history from the log, and begins a new epoch. When the promise resolves, the followers have all entries
   * that fit into memory, and the journal accepts publications. While an engine does not respond, this waits.
   *
   * @throws PharosError `newer-format` for a log of a newer version, `closed` after {@link close}, or any error for a log
   *   that cannot be read
   */
  async open(): Promise<void> {
    const { log, history } = this.#options;
    const snapshot = await this.#snapshots.load();
    const after = Math.max(snapshot, log.first - 1);
    this.#intake.beginAfter(snapshot);
    if (after > snapshot) this.#loseBehind(after);
    else if (after > 0) history.beginAfter(offsetAt(after + 1, 0) - 1);
    await log.follow(after, {
      take: (record) => this.#take(record),
      // While this hub lagged, others have removed records. Only a snapshot has the state that they led to.
      lost: (upTo) => (this.#isLive ? this.#restarted() : this.#lose(upTo)),
      down: () => this.#sender.fail(new PharosError("unreachable", "the log is down")),
      restarted: () => this.#restarted(),
    });
    this.#checkStart();
    const failure = await this.#epochStarts.first();
    this.#applier.goLive();
    this.#isLive = true;
    this.#sender.start(failure);
    if (this.isShared) this.#freshness.start();
    await this.#ageing.start();
    this.#checkStart();
  }

  append(publication: Publication): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const draft = new GroupDraft();
      draft.add(this.#logged(publication));
      this.#items.sendGroup(draft, {
        applied: ([id = ""]) => resolve({ id }),
        dropped: () => reject(closed()),
      });
    });
  }

  add(publication: Publication): Promise<void> {
    return this.#items.addToTurn(this.#logged(publication));
  }

  note(part: string, value: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const dropped = (): void => reject(closed());
      this.#items.send({ kind: "note", part, value }, { applied: () => resolve(), dropped });
    });
  }

  async commitNote(part: string, value: unknown): Promise<void> {
    this.#checkReady("nothing was changed");
    return new Promise((resolve, reject) => {
      const late = (): void => reject(changeUnknown());
      this.#items.send({ kind: "note", part, value }, { applied: () => resolve(), late });
    });
  }

  delete(deletion: Deletion): Promise<Deleted> {
    return this.#deletions.delete(deletion, (value) => this.commitNote(this.#deletions.name, value));
  }

  begin(once?: string): PublicationGroup {
    const draft = new GroupDraft(once);
    return {
      add: (publication) => draft.add(this.#logged(publication)),
      commit: () => this.#commit(draft),
    };
  }

  answerTo(once: string): Ids | undefined {
    return this.#answers.find(once, this.#intake.atMs);
  }

  evictAll(topic: Topic): void {
    this.#items.send({ kind: "evict", topic }, { applied: () => undefined });
  }

  room(): Promise<void> | undefined {
    const room = this.#sender.room();
    return room && this.#inTime(room);
  }

  roomOnceUp(): Promise<void> | undefined {
    return this.#sender.ready() ?? this.#freshness.ready() ?? this.#sender.room();
  }

  caughtUp(withinMs: number): Promise<void> {
    return this.#freshness.caughtUp(withinMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #until(applied: Sequence): Promise<void> {
    return this.#waiters.until(() => this.#intake.applied >= applied || this.#closing !== undefined);
  }

  #stateOf(state: LogState): JournalState {
    if (state === "full") return state;
    if (state !== "up" || !this.#sender.isReady) return "unreachable";
    return this.#freshness.isBehind ? "behind" : "up";
  }

  async #close(): Promise<void> {
    this.#ageing.close();
    this.#freshness.close();
    this.#nodes.leave();
    this.#waiters.look();
    this.#attempts.close();
    this.#items.flush();
    await this.#sender.settled();
    this.#sender.close();
    this.history.close();
    // A snapshot must not go on when another hub may have the log.
    await this.#snapshots.settled();
    await this.#options.log.close();
  }

  /** Rejects if there is no room within `appendSeconds`: a disk may hang, and give no error. */
  async #inTime(room: Promise<void>): Promise<void> {
    const { clock, limits } = this.#options;
    let hasRoom = false;
    const opened = room.then(() => (hasRoom = true));
    await atMost(clock, limits.appendSeconds * 1000, opened);
    if (!hasRoom) throw unavailable("cannot store publications at present", { state: "slow" });
  }

  async #commit(draft: GroupDraft): Promise<Ids> {
    const { size } = draft;
    if (size === 0) return [];
    if (size > publicationsPerRecord)
      throw new PharosError(
        "too-large",
        `with this journal, a request may have at most ${publicationsPerRecord} publications, not ${size}`,
      );
    this.#checkReady("nothing was published");
    return new Promise((resolve, reject) => {
      const late = (): void => reject(outcomeUnknown());
      this.#items.sendGroup(draft, { applied: resolve, late });
    });
  }

  /** @throws PharosError `unavailable` while the hub must not store a request */
  #checkReady(outcome: string): void {
    if (!this.#sender.isReady)
      throw unavailable("cannot store anything at present", { state: this.status.state, outcome });
    if (this.#freshness.isBehind)
      throw unavailable("is behind the other hubs, and stores nothing until it has what they have stored", {
        state: "behind",
        outcome,
      });
  }

  #logged(publication: Publication): LoggedPublication {
    const { id } = publication;
    return { publication, keepsId: id !== undefined && !this.#options.history.ownsId(id) };
  }

  /** Never rejects. After the first record that cannot be used, takes nothing more. */
  async #take(record: StoredRecord): Promise<void> {
    if (this.#end !== undefined) return;
    while (this.#snapshots.copied !== undefined) await this.#snapshots.copied;
    this.#ageing.applying();
    try {
      await this.#intake.take(record);
    } catch (error) {
      this.#endWith({ kind: "failed", error });
      return;
    }
    this.#ageing.applied({ sequence: record.sequence, atMs: this.#intake.atMs });
    this.#waiters.look();
  }

  #lose(upTo: Sequence): void {
    this.#intake.lose(upTo);
    this.#options.history.beginAfter(offsetAt(upTo + 1, 0) - 1);
  }

  /** Notes that the log begins behind the snapshot, or that no snapshot is left of a log that has removed records. */
  #loseBehind(upTo: Sequence): void {
    const { epochs, logger } = this.#options;
    logger.error({ upTo }, "the journal begins behind its snapshot; subscribers get a gap");
    // All hubs must give the same ids, and the record that began this epoch is gone.
    if (epochs.length === 0) epochs.begin(lostEpoch, 0);
    this.#lose(upTo);
  }

  #restarted(): void {
    const { logger } = this.#options;
    if (this.#end === undefined)
      logger.error({}, "the journal no longer holds the publications that this hub has delivered");
    this.#endWith({ kind: "lost" });
  }

  #endWith(end: JournalEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#waiters.look();
    this.#sender.close();
    this.#options.onEnd(end);
  }

  /** Throws if the journal has ended, or was closed, while it started. */
  #checkStart(): void {
    if (this.#end?.kind === "failed") throw this.#end.error;
    if (this.#end !== undefined)
      throw new PharosError("unreachable", "the engine lost publications while the hub started");
    if (this.#closing !== undefined) throw new PharosError("closed", "the journal is closed");
  }

  /** True if the journal has ended, or closes. */
  get #isOver(): boolean {
    return this.#end !== undefined || this.#closing !== undefined;
  }
}
