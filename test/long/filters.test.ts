import { expect, test } from "vitest";
import type { Cohort, Outlet } from "../../src/hub/cohort.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import type { TopicFilter } from "../../src/hub/filters/filter.js";
import {
  parseExactFilter,
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../src/hub/filters/filter.js";
import { Hub } from "../../src/hub/hub.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { publicOnly } from "../../src/hub/publications/rights.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { tinyFormat } from "../delivery/tiny-format.js";
import { grouped, median, mib, printFigures } from "../support/load/figures.js";
import { VirtualClock } from "../support/virtual-clock.js";

const baseUrl = "https://hub.example/.well-known/mercure";
const hosts = 50;
const outlet: Outlet = { name: "outlet", wake: () => undefined };

/** One subscriber's filter, and a topic that the filter matches. */
interface Sample {
  readonly kind: string;
  readonly parse: () => TopicFilter;
  readonly topic: string;
}

/** Of 100 filters, 40 are exact, 30 MQTT (a third of them begin with `+`), 20 URL patterns and 10 templates. */
function sampleAt(index: number): Sample {
  const host = `host-${index % hosts}.example`;
  const kind = Math.floor(index / hosts) % 10;
  const id = Math.floor(index / hosts);
  if (kind < 4) {
    const topic = `https://${host}/books/${id}`;
    return { kind: "exact", parse: () => parseExactFilter(topic), topic };
  }
  if (kind === 4) {
    const text = `+/${host}/sensors/${id}`;
    return { kind: "mqtt, + first", parse: () => parseMqttFilter(text), topic: `eu/${host}/sensors/${id}` };
  }
  if (kind < 7) {
    const text = id % 2 === 0 ? `${host}/rooms/+/lamps/${id}` : `${host}/floors/${id}/#`;
    const topic = id % 2 === 0 ? `${host}/rooms/7/lamps/${id}` : `${host}/floors/${id}/a/b`;
    return { kind: "mqtt", parse: () => parseMqttFilter(text), topic };
  }
  if (kind < 9) return urlPatternSample(host, id);
  const text = `https://${host}/users/{user}/files/${id}/{part}{?version}`;
  const topic = `https://${host}/users/ann/files/${id}/2?version=1`;
  return { kind: "template", parse: () => parseTemplateFilter(text), topic };
}

function urlPatternSample(host: string, id: number): Sample {
  const forms = [
    [`https://${host}/shelves/:shelf/books/${id}`, `https://${host}/shelves/a/books/${id}`],
    [`https://${host}/lists/${id}/*`, `https://${host}/lists/${id}/a/b`],
    [`https://${host}/orders/${id % 40}/:order-${id}`, `https://${host}/orders/${id % 40}/x-${id}`],
    [`https://${host}/dates/${id}/(\\d+)`, `https://${host}/dates/${id}/2011`],
  ] as const;
  const [text, topic] = forms[id % 64 === 8 ? 3 : id % 3] ?? forms[0];
  return { kind: "URL pattern", parse: () => parseUrlPatternFilter(text, { baseUrl }), topic };
}

class Bench {
  readonly journal: MemoryJournal;
  readonly hub: Hub;
  readonly cohorts: Cohort[] = [];

  constructor() {
    const epoch = parseEpoch("bench");
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    const clock = new VirtualClock();
    this.journal = new MemoryJournal({ epochs: EpochChain.of(epoch), clock, metrics: silentMetrics });
    this.hub = new Hub({ history: this.journal.history, clock, baseUrl });
    this.journal.follow(this.hub);
  }

  subscribe(sample: Sample): Cohort {
    const filters = [sample.parse()];
    this.hub.checkPatterns(filters);
    if (!this.hub.hasRoomFor(filters)) throw new Error("the hub has room");
    return this.hub.join(outlet, { format: tinyFormat, filters, rights: publicOnly });
  }

  publish(topic: string): void {
    this.journal.append(parsePublication({ topics: [topic], data: "x" }));
  }
}

/** The duration of calls, in microseconds, by kind. */
class Timings {
  readonly #byKind = new Map<string, number[]>();

  run<T>(kind: string, call: () => T): T {
    const start = performance.now();
    const result = call();
    const took = (performance.now() - start) * 1000;
    for (const name of ["all", kind]) {
      const list = this.#byKind.get(name) ?? [];
      this.#byKind.set(name, list);
      list.push(took);
    }
    return result;
  }

  get median(): number {
    return median(this.#byKind.get("all") ?? []);
  }

  lines(what: string): string[] {
    return [...this.#byKind].map(([kind, all]) => {
      const sorted = all.toSorted((a, b) => a - b);
      const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
      return `${what}, ${kind}: median ${median(all).toFixed(1)} p99 ${p99.toFixed(1)} µs (${grouped(all.length)})`;
    });
  }
}

test("publishing, subscribing and leaving are fast with 100,000 distinct filters", () => {
  const bench = new Bench();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < 100_000; index += 1) bench.cohorts.push(bench.subscribe(sampleAt(index)));
  const heap = process.memoryUsage().heapUsed - before;
  for (const cohort of bench.cohorts) cohort.listen(true);
  const publishing = new Timings();
  const compared = bench.hub.compared;
  let atMost = 0;
  for (let index = 0; index < 100_000; index += 7) {
    const { kind, topic } = sampleAt(index);
    const seen = bench.hub.compared;
    publishing.run(kind, () => bench.publish(topic));
    atMost = Math.max(atMost, bench.hub.compared - seen);
    expect(bench.cohorts[index]?.nextBatch(1024)?.count, `${kind}: ${topic}`).toBe(1);
  }
  const published = Math.ceil(100_000 / 7);
  const subscribing = new Timings();
  const leaving = new Timings();
  for (let index = 100_000; index < 110_000; index += 1) {
    const sample = sampleAt(index);
    const cohort = subscribing.run(sample.kind, () => bench.subscribe(sample));
    leaving.run(sample.kind, () => bench.hub.leave(cohort));
  }
  printFigures("100,000 distinct filters on 50 hosts, a cohort each", [
    ...publishing.lines("publishing to a topic that one of them matches"),
    ...subscribing.lines("subscribing, parsing included"),
    ...leaving.lines("leaving"),
    `compared with a topic: ${((bench.hub.compared - compared) / published).toFixed(2)} patterns on average, ${atMost} at most`,
    `the heap grew by ${mib(heap)}`,
  ]);
  expect(publishing.median).toBeLessThan(50);
  expect(subscribing.median).toBeLessThan(100);
  expect(leaving.median).toBeLessThan(100);
});

test("publishing to a topic with as many similar patterns as possible", () => {
  const bench = new Bench();
  let refused = 0;
  for (const sample of hostileSamples()) {
    try {
      bench.subscribe(sample);
    } catch {
      refused += 1;
    }
  }
  const publishing = new Timings();
  const seen = bench.hub.compared;
  const topic = `https://h.example/a/b/c/d/e/f/${"a".repeat(100)}/bc!`;
  const runs = 50;
  for (let index = 0; index < runs; index += 1) publishing.run("hostile", () => bench.publish(topic));
  const compared = (bench.hub.compared - seen) / runs;
  printFigures("patterns aimed at one topic of 132 characters, each wrong at its last one", [
    ...publishing.lines("publishing to it"),
    `compared with ${compared} patterns; ${grouped(refused)} were refused`,
  ]);
  expect(compared).toBeLessThanOrEqual(9400);
});

/**
 * Fills every node on the path to the topic with as many filters as the node can have. The wildcards of each filter
 * almost match.
 */
function* hostileSamples(): Generator<Sample, void> {
  const names = ["a", "b", "c", "d", "e", "f"];
  for (let length = 0; length <= names.length; length += 1) {
    for (let mask = 0; mask < 2 ** length; mask += 1) {
      const path = names.slice(0, length).map((name, at) => ((mask >> at) % 2 === 1 ? undefined : name));
      const url = path.map((name, at) => `/${name ?? `:v${at}`}`).join("");
      const template = path.map((name, at) => `/${name ?? `{v${at}}`}`).join("");
      for (let index = 0; index < 110; index += 1) {
        yield hostile(() =>
          parseUrlPatternFilter(`https://h.example${url}/*a*:z${index}/{bc}+`, { baseUrl }),
        );
        yield hostile(() => parseTemplateFilter(`https://h.example${template}/{a${index}}{+b}/bc{c:1}`));
      }
    }
  }
  for (let index = 0; index < 1100; index += 1)
    yield hostile(() => parseUrlPatternFilter(`*://*/*a*:z${index}/{bc}+`, { baseUrl }));
}

function hostile(parse: () => TopicFilter): Sample {
  return { kind: "hostile", parse, topic: "" };
}
