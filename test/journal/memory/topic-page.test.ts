import { array, assert, boolean, constantFrom, integer, property, record } from "fast-check";
import { expect, test } from "vitest";

import { publicOnly } from "../../../src/hub/publications/rights.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import type { TopicPage, TopicPageRange } from "../../../src/journal/topic-history-reader.js";
import { everything, Fixture } from "./fixture.js";

const topic = parseTopic("a");
const usual = { count: 100, maxBytes: 1_000_000, rights: everything };

function pageOf(fixture: Fixture, range: Partial<TopicPageRange> = {}): TopicPage {
  return fixture.journal.history.page(topic, { ...usual, ...range });
}

function offsetsOf({ entries }: TopicPage): readonly number[] {
  return entries.map(({ offset }) => offset);
}

/** All offsets that pages in one direction give, in order; `next` is the place of the page after a page. */
function allPages(
  fixture: Fixture,
  range: Partial<TopicPageRange>,
  next: (page: TopicPage) => Partial<TopicPageRange>,
): readonly number[] {
  const found: number[] = [];
  for (let place = range; ;) {
    const page = pageOf(fixture, { ...range, ...place });
    expect(page.entries.length).toBeLessThanOrEqual(range.count ?? usual.count);
    if ("after" in place) found.push(...offsetsOf(page));
    else found.unshift(...offsetsOf(page));
    if (!page.more) return found;
    expect(page.entries).not.toHaveLength(0);
    place = next(page);
  }
}

test("pages in both directions have each publication that the reader may read once, in order", () => {
  const publication = record({
    topics: constantFrom("a", "b", "b a"),
    private: boolean(),
    size: constantFrom(1, 1, 300, 3000),
  });
  assert(
    property(
      array(publication, { maxLength: 40 }),
      record({
        count: integer({ min: 1, max: 7 }),
        maxBytes: constantFrom(1, 1500, 1_000_000),
        rights: constantFrom(publicOnly, everything),
      }),
      (publications, range) => {
        const fixture = new Fixture();
        for (const { topics, size, private: hidden } of publications)
          fixture.publish(topics, { data: "x".repeat(size), private: hidden });
        const expected = publications.flatMap(({ topics, private: hidden }, index) =>
          topics.includes("a") && (range.rights === everything || !hidden) ? [index + 1] : [],
        );
        const forth = allPages(fixture, { ...range, after: 0 }, (page) => ({
          after: page.entries.at(-1)?.offset,
        }));
        expect(forth).toEqual(expected);
        expect(allPages(fixture, range, (page) => ({ before: page.entries[0]?.offset }))).toEqual(expected);
      },
    ),
  );
});

test("the page with the oldest publication tells what was evicted before it, other pages do not", () => {
  const fixture = new Fixture({ topicEvents: 5 });
  for (let index = 0; index < 9; index += 1) fixture.publish("a");
  const newest = pageOf(fixture, { count: 2 });
  expect([offsetsOf(newest), newest.more, newest.missing]).toEqual([
    [8, 9],
    true,
    { topics: [], more: false },
  ]);
  const last = pageOf(fixture, { before: 8 });
  expect([offsetsOf(last), last.more]).toEqual([[5, 6, 7], false]);
  expect(last.missing).toMatchObject({ topics: [{ topic: "a", missedAtMost: 4 }], more: false });
  const after = pageOf(fixture, { after: 2, count: 1 });
  expect([offsetsOf(after), after.more]).toEqual([[5], true]);
  expect(after.missing).toMatchObject({ topics: [{ topic: "a", missedAtMost: 2 }] });
  expect(pageOf(fixture, { after: 4 }).missing).toMatchObject({ topics: [], more: false });
});

test("deleted publications are told as such", () => {
  const fixture = new Fixture();
  for (let index = 0; index < 4; index += 1) fixture.publish("a");
  fixture.journal.delete({ topic, only: fixture.followed[1] });
  const page = pageOf(fixture);
  expect(offsetsOf(page)).toEqual([1, 3, 4]);
  expect(page.missing).toMatchObject({ topics: [{ topic: "a", missedAtMost: 1 }], reason: "deleted" });
  expect(pageOf(fixture, { after: 2 }).missing).toMatchObject({ topics: [] });
});
