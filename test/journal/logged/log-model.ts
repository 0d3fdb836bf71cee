import * as fc from "fast-check";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import { publicationsPerRecord } from "../../../src/journal/log/record.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import { everything, readerOf } from "../memory/fixture.js";
import { LogReader, LogWorld } from "./log-world.js";
import type { ToldGap } from "./log-world.js";

const topic = fc.constantFrom("a", "b", "c", "a/b");
const records = fc.array(
  fc.record({
    topics: fc.uniqueArray(topic, { minLength: 1, maxLength: 2 }),
    data: fc.constantFrom("", "x".repeat(200)),
    private: fc.boolean(),
    hasId: fc.boolean(),
  }),
  { minLength: 1, maxLength: 4 },
);
const filters = fc.oneof(
  { weight: 3, arbitrary: fc.uniqueArray(topic, { minLength: 1, maxLength: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom(["a/#"], ["#"], ["+", "a/b"]) },
);
const fraction = fc.double({ min: 0, max: 1, noNaN: true });

/** What can happen to a log and its readers. */
export const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("publish" as const), records }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("skip" as const), records }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("trim" as const), at: fraction }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("evict" as const), topic }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      topic,
      place: fc.option(fraction, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), at: fraction }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("join" as const),
      filters,
      rights: fc.constantFrom(publicOnly, everything, readerOf("a")),
      at: fraction,
      maxBytes: fc.constantFrom(1, 1500, 100_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("read" as const), reader: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), reader: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "turn" as const }) },
);
/** A record is destroyed. */
export const damage = fc.record({ kind: fc.constant("damage" as const), at: fraction });
export type Step =
  | (typeof step extends fc.Arbitrary<infer S> ? S : never)
  | (typeof damage extends fc.Arbitrary<infer S> ? S : never);

/** A reader, and the entries of which a gap has told it that they are lost. */
interface Watched {
  readonly reader: LogReader;
  readonly told: Set<number>;
}

class Model {
  readonly world: LogWorld;
  readonly readers: Watched[] = [];
  readonly faults: string[] = [];

  constructor(limits: Partial<HistoryLimits>) {
    this.world = new LogWorld(limits);
  }

  async run(step: Step): Promise<void> {
    const { world, readers } = this;
    const { head } = world.log;
    switch (step.kind) {
      case "publish":
        return void world.publish(this.#inputs(step.records));
      case "skip":
        return world.publishSkipped(this.#inputs(step.records));
      case "trim":
        return world.trim(Math.floor(step.at * head));
      case "damage":
        return world.damage(Math.ceil(step.at * head));
      case "evict":
        return world.evictAll(step.topic);
      case "delete":
        return world.delete(step.topic, step.place);
      case "restart":
        world.restart(Math.floor(step.at * head));
        for (const { reader } of readers) reader.resume();
        return;
      case "join":
        return this.#join(step);
      case "read":
        return readers[step.reader]?.reader.step();
      case "leave":
        for (const { reader } of readers.splice(step.reader, 1)) reader.leave();
        return;
      case "turn":
        return turn();
      default:
        return step satisfies never;
    }
  }

  #join({ filters, rights, at, maxBytes }: Step & { readonly kind: "join" }): void {
    if (this.readers.length > 3) return;
    const told = new Set<number>();
    const from = Math.floor(at * this.world.memory.head);
    const onGap = (gap: ToldGap): void => this.#note({ reader, told }, gap);
    const reader: LogReader = new LogReader(this.world, { filters, rights, from, maxBytes, onGap });
    this.readers.push({ reader, told });
  }

  #inputs(records: (Step & { readonly kind: "publish" })["records"]): Parameters<LogWorld["publish"]>[0] {
    return records.map(({ hasId, ...input }, index) => ({
      ...input,
      ...(hasId ? { id: `${this.world.log.head}-${index}` } : {}),
    }));
  }

  /** What is gone when a gap is told, and has a topic that the gap names. */
  #note({ reader, told }: Watched, gap: ToldGap): void {
    const gone = reader.wanted.filter(
      (each) => each.offset > gap.after && !this.world.isStored(each, reader.filters),
    );
    const names = new Set<string>(gap.topics.map(({ topic }) => topic));
    for (const { offset, publication } of gone)
      if (gap.more || publication.topics.some((name) => names.has(name))) told.add(offset);
    if (gone.length === 0 && !this.#mayTellMore(reader, gap))
      this.faults.push(`a gap after ${gap.after}, but nothing is gone`);
  }

  /**
   * A gap without a loss is allowed if nobody can know what is lost:
   *
   * - what a damaged record had, or what was published before the memory began
   * - which topics a wildcard would have matched
   * - which publications of a forgotten topic the log has removed
   * - how many of the publications that memory has evicted from a topic the log has removed
   * - for an entry with several topics: whether the reader has got the entry by another topic
   */
  #mayTellMore(reader: LogReader, { after }: ToldGap): boolean {
    const { hasHoles, hasRestarted } = this.world;
    if (hasHoles || hasRestarted || reader.filters.some((filter) => /[#+]/.test(filter))) return true;
    return reader.filters.some((name) => {
      const ofTopic = reader.wanted.filter(
        ({ offset, publication }) => offset > after && publication.topics.some((other) => other === name),
      );
      if (ofTopic.some((each) => !this.world.isStored(each, [name]))) return true;
      if (this.world.missingUpTo(name) <= after) return false;
      return this.world.limits.topics < 10 || ofTopic.some((each) => !this.world.isInMemory(each, name));
    });
  }

  check({ reader, told }: Watched): void {
    const got = new Set(reader.got);
    const wanted = new Set(reader.wanted.map(({ offset }) => offset));
    const untold = [...wanted].filter((offset) => !got.has(offset) && !told.has(offset));
    if (untold.length > 0) this.faults.push(`missing without a gap: ${untold.join(" ")}`);
    const foreign = reader.got.filter((offset) => !wanted.has(offset));
    if (foreign.length > 0) this.faults.push(`not for this reader: ${foreign.join(" ")}`);
    if (reader.gotDeleted.length > 0) this.faults.push(`deleted: ${reader.gotDeleted.join(" ")}`);
    if (reader.got.some((offset, index) => offset <= (reader.got[index - 1] ?? 0)))
      this.faults.push(`not in order: ${reader.got.join(" ")}`);
  }

  /** An own id resumes as long as memory or the log has its entry. */
  checkIds(): void {
    const { memory, history, all, hasRestarted, log } = this.world;
    const firstOffset = log.first * publicationsPerRecord;
    const known = all.filter(({ publication, isSkipped }) => publication.id !== undefined && !isSkipped);
    for (const { offset, publication } of known) {
      const located = history.locate(publication.id ?? "", everything);
      const isHeld = publication.topics.some((name) => memory.holds(name, offset));
      const isLogged = offset >= firstOffset;
      const isFound = located.kind === "at" && located.offset === offset;
      if (!hasRestarted && (isLogged || isHeld) && !isFound)
        this.faults.push(`the id at ${offset} is unknown`);
      if (!isLogged && !isHeld && located.kind === "at")
        this.faults.push(`the id at ${offset} is still known`);
    }
  }
}

/** Runs the steps, lets all readers finish, and returns what was wrong. */
export async function faultsOf(
  limits: Partial<HistoryLimits>,
  steps: readonly Step[],
): Promise<readonly string[]> {
  const model = new Model(limits);
  for (const each of steps) await model.run(each);
  for (const watched of model.readers) {
    await watched.reader.finish();
    model.check(watched);
  }
  model.checkIds();
  await turn();
  const { pendingPages } = model.world.history;
  if (pendingPages > 0) model.faults.push(`${pendingPages} pages that nobody waits for`);
  return model.faults;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
