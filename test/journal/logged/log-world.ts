import { silentLogger } from "../../../src/base/log.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { Backpressure, defaultPressureLimits } from "../../../src/hub/backpressure.js";
import { Cohort } from "../../../src/hub/cohort.js";
import { matchesFilter, parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { readPage } from "../../../src/hub/history-page.js";
import type { Page, ReadState } from "../../../src/hub/history-page.js";
import type { Format } from "../../../src/hub/publications/format.js";
import type { DeletedRange } from "../../../src/hub/publications/deletion.js";
import type { Epoch } from "../../../src/hub/publications/position.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import type { Publication, PublicationInput } from "../../../src/hub/publications/publication.js";
import { RetainedValues } from "../../../src/hub/publications/retained-values.js";
import { mayRead, publicOnly } from "../../../src/hub/publications/rights.js";
import type { Rights } from "../../../src/hub/publications/rights.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import type { Deletion } from "../../../src/journal/deletion.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { encodeItem, encodeRecord } from "../../../src/journal/log/encode-record.js";
import { offsetAt, sequenceOf } from "../../../src/journal/log/record.js";
import { LogHistory, startOf } from "../../../src/journal/logged/history/log-history.js";
import { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import type { GapNotice } from "../../../src/protocol.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { MemoryLog } from "../log/memory-log.js";
import { savedItems } from "../saved-items.js";

/** A publication in the log. */
export interface Logged {
  readonly offset: number;
  readonly publication: Publication;
  isSkipped: boolean;
}

interface SavedPart {
  readonly name: string;
  readonly items: readonly unknown[];
}

/** Writes events as `e OFFSET`, and gaps as `g NOTICE`, one a line. */
const lines: Format = {
  name: "lines",
  event: ({ offset }) => Buffer.from(`e ${offset}\n`),
  retained: ({ offset }) => Buffer.from(`r ${offset}\n`),
  position: () => Buffer.alloc(0),
  heartbeat: () => Buffer.alloc(0),
  gap: (notice) => Buffer.from(`g ${JSON.stringify(notice)}\n`),
};

/** A log, the history in memory that takes its records, and the history over both. */
export class LogWorld {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly all: Logged[] = [];
  readonly limits: HistoryLimits;
  memory: MemoryHistory;
  history: LogHistory;
  /** True once records were damaged: then nobody knows what they had. */
  hasHoles = false;
  hasRestarted = false;
  #withdrawn: { readonly topic: string; readonly upTo: number }[] = [];
  #deleted: (DeletedRange & { readonly at: number; readonly deletion: Deletion })[] = [];
  /** What a snapshot after each record has. */
  readonly #snapshots = new Map<number, readonly SavedPart[]>();

  constructor(limits: Partial<HistoryLimits> = {}) {
    this.limits = { ...defaultHistoryLimits, ...limits };
    [this.memory, this.history] = this.#begin();
  }

  /** Appends a record with these publications, and applies it. Returns their offsets. */
  publish(inputs: readonly PublicationInput[]): readonly number[] {
    const sequence = this.#append(inputs.map((input) => parsePublication(input)));
    const added = this.all.filter(({ offset }) => sequenceOf(offset) === sequence);
    for (const each of added) this.#take(each);
    this.#saveParts();
    return added.map(({ offset }) => offset);
  }

  /** Appends a record that no hub applies. */
  publishSkipped(inputs: readonly PublicationInput[]): void {
    const sequence = this.#append(inputs.map((input) => parsePublication(input)));
    for (const each of this.all) if (sequenceOf(each.offset) === sequence) each.isSkipped = true;
    this.history.skip({ from: offsetAt(sequence, 0), upTo: offsetAt(sequence + 1, 0) - 1 });
    this.#saveParts();
  }

  trim(upTo: number): void {
    this.log.trim(upTo);
  }

  damage(sequence: number): void {
    this.hasHoles = true;
    this.log.damage(sequence);
  }

  evictAll(topic: string): void {
    const upTo = this.memory.head;
    this.#withdrawn.push({ topic, upTo });
    this.memory.evictAll(parseHubTopic(topic));
  }

  /** Deletes the publications of a topic, or one of them: its place among the stored ones, as a fraction. */
  delete(text: string, place: number | undefined): void {
    const topic = parseHubTopic(text);
    const at = this.memory.head;
    const stored = this.all.filter(
      (each) => each.publication.topics.includes(topic) && this.isStored(each, [topic]),
    );
    const only = place === undefined ? undefined : stored[Math.floor(place * stored.length)];
    if (place !== undefined && only === undefined) return;
    const range = only === undefined ? { from: 0, upTo: at } : { from: only.offset, upTo: only.offset };
    const deletion = { topic, only };
    this.#deleted.push({ topic, ...range, at, deletion });
    this.memory.delete(deletion);
    this.#saveParts();
  }

  /** True if the publication was deleted from each topic for which a reader with these filters would get it. */
  isDeletedFor(offset: number, filters: readonly string[]): boolean {
    const topics = this.all.find((each) => each.offset === offset)?.publication.topics ?? [];
    return topics
      .filter((topic) => filters.some((filter) => isFor(filter, topic)))
      .every((topic) => this.#isDeleted(topic, offset));
  }

  isWithdrawn(topic: string, offset: number): boolean {
    return this.#withdrawn.some((eviction) => eviction.topic === topic && offset <= eviction.upTo);
  }

  /** A start of the hub: the memory takes only the records after this one. */
  restart(after: number): void {
    this.hasRestarted = true;
    const skips = [...savedItems(this.history.skips)];
    this.history.close();
    [this.memory, this.history] = this.#begin();
    for (const item of skips) this.history.skips.load(item);
    const head = offsetAt(after + 1, 0) - 1;
    this.memory.beginAfter(head);
    for (const { name, items } of this.#snapshots.get(after) ?? [])
      for (const item of items) this.memory.parts.find((part) => part.name === name)?.load(item);
    for (const { topic, upTo } of this.#withdrawn)
      this.memory.evictAll(parseHubTopic(topic), Math.min(head, upTo));
    for (const each of this.all) {
      if (each.offset <= head || each.isSkipped) continue;
      if (this.#hasRecord(each.offset)) this.#take(each);
      else this.memory.beginAfter(offsetAt(sequenceOf(each.offset) + 1, 0) - 1);
      for (const { topic, upTo } of this.#withdrawn)
        if (upTo === each.offset) this.memory.evictAll(parseHubTopic(topic), upTo);
      for (const { at, deletion } of this.#deleted) if (at === each.offset) this.memory.delete(deletion);
    }
  }

  /** True if a reader with this filter can still get the entry, from memory or from the log. */
  isStored({ offset, publication, isSkipped }: Logged, filters: readonly string[]): boolean {
    const topics = publication.topics.filter((topic) => filters.some((filter) => isFor(filter, topic)));
    const isLogged = this.#hasRecord(offset) && !isSkipped;
    return topics.some(
      (topic) =>
        this.memory.holds(topic, offset) ||
        (isLogged && !this.isWithdrawn(topic, offset) && !this.#isDeleted(topic, offset)),
    );
  }

  /** The last offset of a topic that the log does not have, or must not show. */
  missingUpTo(topic: string): number {
    const withdrawn = this.#withdrawn.filter((each) => each.topic === topic).map(({ upTo }) => upTo);
    return Math.max(startOf(this.log) - 1, ...withdrawn);
  }

  isInMemory({ offset }: Logged, topic: string): boolean {
    return this.memory.holds(parseHubTopic(topic), offset);
  }

  #isDeleted(topic: string, offset: number): boolean {
    return this.#deleted.some((each) => each.topic === topic && each.from <= offset && offset <= each.upTo);
  }

  /** Of the parts that a restart with a model needs. */
  #saveParts(): void {
    const parts = this.memory.parts.filter(({ name }) => name === "topics" || name === "deleted");
    const saved = parts.map((part) => ({ name: part.name, items: [...savedItems(part)] }));
    this.#snapshots.set(this.log.head, JSON.parse(JSON.stringify(saved)) as readonly SavedPart[]);
  }

  #hasRecord(offset: number): boolean {
    return this.log.store.records.some(({ sequence }) => sequence === sequenceOf(offset));
  }

  #append(publications: readonly Publication[]): number {
    const { store } = this.log;
    store.head += 1;
    const sequence = store.head;
    const logged = publications.map((publication) => ({
      publication,
      keepsId: publication.id !== undefined,
    }));
    // Groups of two and of one, so that the index counts across groups.
    const groups = [logged.slice(0, 2), logged.slice(2)].filter((group) => group.length > 0);
    const items = groups.map((group) => encodeItem({ kind: "group", publications: group }));
    const payload = encodeRecord({ run: "world", n: sequence, atMs: this.clock.now() }, items);
    store.records.push({ sequence, payload });
    for (const [index, publication] of publications.entries())
      this.all.push({ offset: offsetAt(sequence, index), publication, isSkipped: false });
    return sequence;
  }

  #take({ offset, publication }: Logged): void {
    this.memory.take({ offset, atMs: this.clock.now(), publication, keepsId: publication.id !== undefined });
  }

  #begin(): [MemoryHistory, LogHistory] {
    const { log, clock, limits } = this;
    const memory = new MemoryHistory({
      epochs: EpochChain.of("world" as Epoch),
      clock,
      metrics: silentMetrics,
      limits,
      logStart: () => startOf(log),
    });
    return [memory, new LogHistory({ memory, log, clock, logger: silentLogger })];
  }
}

function isFor(filter: string, topic: Publication["topics"][0]): boolean {
  return matchesFilter(parseMqttFilter(filter), topic);
}

/** A gap event, and where its reader was. */
export interface ToldGap extends GapNotice {
  readonly after: number;
}

/** A reader that reads page by page, as connections and polls do. */
export class LogReader {
  readonly filters: readonly string[];
  readonly rights: Rights;
  readonly from: number;
  readonly got: number[] = [];
  readonly gaps: ToldGap[] = [];
  /** What the reader has got after it was deleted. */
  readonly gotDeleted: number[] = [];
  readonly #world: LogWorld;
  readonly #maxBytes: number;
  readonly #onGap: (gap: ToldGap) => void;
  #cohort: Cohort;
  state: ReadState;
  /** Cancels the page that is under way. */
  #cancel: (() => void) | undefined;

  constructor(
    world: LogWorld,
    options: {
      readonly filters: readonly string[];
      readonly rights?: Rights;
      readonly from: number;
      readonly maxBytes?: number;
      readonly onGap?: (gap: ToldGap) => void;
    },
  ) {
    this.#world = world;
    this.filters = options.filters;
    this.rights = options.rights ?? publicOnly;
    this.from = options.from;
    this.#maxBytes = options.maxBytes ?? 1000;
    this.#onGap = options.onGap ?? (() => undefined);
    this.state = { kind: "history", after: this.from, lossMark: 0 };
    this.#cohort = this.#join();
  }

  get isWaiting(): boolean {
    return this.#cancel !== undefined;
  }

  get isDone(): boolean {
    return this.state.kind === "history" && this.state.after >= this.#world.history.head;
  }

  /** All that the reader must get, stored or not. */
  get wanted(): readonly Logged[] {
    return this.#world.all.filter(
      ({ offset, publication, isSkipped }) =>
        !isSkipped &&
        offset > this.from &&
        mayRead(this.rights, publication) &&
        publication.topics.some((topic) => this.filters.some((filter) => isFor(filter, topic))),
    );
  }

  /** Reads the next page; the page may come later. */
  step(): void {
    if (this.isWaiting || this.isDone) return;
    const { history } = this.#world;
    const limits = { maxBytes: this.#maxBytes, upTo: history.head };
    const source = { history, retained: new RetainedValues({ bytes: 0 }) };
    const page = readPage(source, this.#cohort, { state: this.state, limits });
    if (typeof page !== "function") return this.#take(page);
    this.#cancel = page((arrived) => {
      this.#cancel = undefined;
      this.#take(arrived);
    });
  }

  leave(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** The hub has started again: the reader resumes, and knows of no losses. */
  resume(): void {
    this.leave();
    const after = this.state.kind === "history" ? this.state.after : this.state.from;
    this.state = { kind: "history", after, lossMark: 0 };
    this.#cohort = this.#join();
  }

  /** Reads until the reader has everything. */
  async finish(): Promise<void> {
    for (let turns = 0; !this.isDone; turns += 1) {
      if (turns > 20_000) throw new Error(`the reader does not get on at ${JSON.stringify(this.state)}`);
      this.step();
      if (this.isWaiting) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #join(): Cohort {
    const { history, clock } = this.#world;
    const filters = this.filters.map((text) => parseMqttFilter(text));
    return new Cohort({
      outlet: { name: "test", wake: () => undefined },
      subscription: { format: lines, filters, rights: this.rights },
      history,
      backpressure: new Backpressure({ limits: defaultPressureLimits, clock }),
    });
  }

  #event(offset: number): void {
    this.got.push(offset);
    if (this.#world.isDeletedFor(offset, this.filters)) this.gotDeleted.push(offset);
  }

  #take(page: Page): void {
    const after = this.state.kind === "history" ? this.state.after : this.state.from;
    for (const line of page.body.toString().split("\n")) {
      if (line.startsWith("e ")) this.#event(Number(line.slice(2)));
      if (!line.startsWith("g ")) continue;
      const gap = { ...(JSON.parse(line.slice(2)) as GapNotice), after };
      this.gaps.push(gap);
      this.#onGap(gap);
    }
    this.state = page.next;
  }
}
