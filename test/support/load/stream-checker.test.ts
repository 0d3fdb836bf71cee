import { array, assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { faultsOf, noCounts, Samples } from "./counts.js";
import { DelayHistogram } from "./histogram.js";
import { encodePayload } from "./payload.js";
import { StreamChecker } from "./stream-checker.js";

function checking(options: { readonly others?: boolean; readonly streams?: readonly string[] } = {}) {
  const found = {
    counts: noCounts(),
    delays: new DelayHistogram(),
    foreign: new Samples(),
    gaps: new Samples(),
  };
  const streams = (options.streams ?? ["load"]).map((name) => Buffer.from(name));
  const checker = new StreamChecker({ streams, others: options.others ?? false }, found);
  return { checker, found, take: (text: string) => checker.consume(Buffer.from(text), 2000) };
}

function event(
  sequence: number,
  options: { readonly stream?: string; readonly bytes?: number } = {},
): string {
  const { stream = "load", bytes = 60 } = options;
  return `id: #e:${sequence}\ndata: ${encodePayload({ stream, sequence, sentUs: 1000, bytes })}\n\n`;
}

const gap = 'id: #e:0\nevent: pharos-gap\ndata: {"reason":"evicted"}\n\n';

test("a stream in order has no faults, however it is cut into pieces", () => {
  const text = `: time stream\nretry: 5000\nid: #e:0\n\n${event(1)}${event(2, { bytes: 9000 }).replaceAll("\n", "\r\n")}: beat\n\n${event(3)}`;
  assert(
    property(array(integer({ min: 0, max: text.length }), { maxLength: 60 }), (cuts) => {
      const { checker, found, take } = checking();
      const places = [0, ...cuts.sort((a, b) => a - b), text.length];
      for (const [index, place] of places.entries()) take(text.slice(place, places[index + 1] ?? place));
      expect(faultsOf(found.counts)).toEqual({});
      expect([found.counts.events, found.counts.comments, found.counts.bytes]).toEqual([3, 2, text.length]);
      expect([checker.lastEventId, checker.retryMs]).toEqual(["#e:3", 5000]);
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("byte by byte it is the same", () => {
  const { found, checker, take } = checking();
  for (const character of event(5) + event(6) + gap + event(9)) take(character);
  expect(faultsOf(found.counts)).toEqual({ gaps: 1, missedReported: 2 });
  expect([found.counts.events, checker.lastEventId]).toEqual([3, "#e:9"]);
});

test.each([
  ["a hole", event(1) + event(4), { missed: 2 }],
  ["a hole behind a gap event", event(1) + gap + event(4), { missedReported: 2, gaps: 1 }],
  ["a hole after one with a gap event", event(1) + gap + event(2) + event(4), { missed: 1, gaps: 1 }],
  ["a duplicate", event(1) + event(2) + event(2), { duplicates: 1 }],
  ["an older number", event(2) + event(1), { duplicates: 1 }],
  ["a late number", event(1) + event(3) + event(2), { late: 1 }],
  [
    "the past again behind a gap event",
    event(5) + gap + event(2) + event(3),
    { rewindsReported: 1, gaps: 1 },
  ],
  ["a payload of another stream", event(1) + event(2, { stream: "loader" }), { foreign: 1 }],
  ["a payload that lost a byte", event(1).replace("xx", "x"), { foreign: 1 }],
  ["a payload torn by another", `${event(1).slice(0, -20)}${event(7)}`, { foreign: 2 }],
  ["the end of another event", `xxxx\n\n${event(1)}`, { foreign: 1 }],
  ["an HTTP head in the stream", "HTTP/1.1 200 OK\r\n\r\n", { foreign: 1 }],
  ["a second line of data", event(1).replace("\n\n", "\ndata: more\n\n"), { foreign: 1 }],
  ["text that is not load", "data: hello\n\n", { foreign: 1 }],
])("it counts %s", (_name, text, faults) => {
  const { found, take } = checking();
  take(text);
  expect(faultsOf(found.counts)).toEqual(faults);
});

test("events without a load payload are counted separately if they are expected", () => {
  const { found, take } = checking({ others: true });
  take(`event: beacon\ndata: one\ndata: two\n\n${event(1)}`);
  expect([found.counts.others, found.counts.events, found.counts.foreign]).toEqual([1, 1, 0]);
});

test("each stream has its own sequence", () => {
  const { found, take } = checking({ streams: ["a", "ab"] });
  take(event(1, { stream: "a" }) + event(1, { stream: "ab" }) + event(2, { stream: "ab" }));
  expect([faultsOf(found.counts), found.counts.events]).toEqual([{}, 3]);
});

test("an event cut off by the end of the connection never was, and its id neither", () => {
  const { checker, found, take } = checking();
  take(event(1) + event(2).slice(0, -1));
  checker.restart();
  expect(checker.lastEventId).toBe("#e:1");
  take(event(2));
  expect([faultsOf(found.counts), found.counts.events]).toEqual([{}, 2]);
});

test("delays are within 3% of what was measured", () => {
  const delays = new DelayHistogram();
  for (let us = 1; us <= 100_000; us += 1) delays.add(us);
  const { count, p50, p90, p99, max } = delays.read();
  expect([count, max]).toEqual([100_000, 100]);
  for (const [value, wanted] of [
    [p50, 50],
    [p90, 90],
    [p99, 99],
  ] as const) {
    expect(value).toBeGreaterThanOrEqual(wanted);
    expect(value).toBeLessThan(wanted * 1.035);
  }
});
