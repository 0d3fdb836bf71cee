import * as fc from "fast-check";
import { expect, it } from "vitest";
import { silentLogger } from "../../../src/base/log.js";
import { parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import { before } from "../../support/wait-for.js";
import { LoggedSite } from "./logged-site.js";

/** What a hub writes, cut off or changed. */
const record =
  '{"format":1,"run":"foreign","n":1,"atMs":1700000000000}\n{"group":1}\n{"t":"a","d":"from another program"}\n';

/** Messages that no hub writes, as a program may publish them on the subject of a journal. */
const foreign = fc
  .oneof(
    fc.constantFrom("", "\n", "hello", "{}\n", '{"format":99}\n', '{"format":2,"run":"a"}\n', "\u0000"),
    fc.json(),
    fc.string({ unit: "binary" }),
    fc.nat(record.length - 2).map((length) => record.slice(0, length + 1)),
    fc.constantFrom(` ${record}`, `${record}x`, record.replace("1}", "2}"), record.replace("group", "grop")),
  )
  .filter((text) => text !== "")
  .map((text) => Buffer.from(text));
const bytes = fc.oneof(
  foreign,
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((each) => Buffer.from(each)),
);

/** A message of another program, or the texts of a request. */
const step = fc.oneof(
  { weight: 2, arbitrary: bytes },
  { weight: 3, arbitrary: fc.array(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 }) },
);

// One message of another program ended every hub on the stream, and each of them again at every start.
it("are skipped alike by a hub that runs, by one that starts, and by pages of old history", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const site = await LoggedSite.open({ history: { topicEvents: 3 } });
      const published: string[] = [];
      for (const each of steps) {
        if (Buffer.isBuffer(each)) await site.log.putForeign(each);
        else {
          await site.publish(...each);
          published.push(...each);
        }
      }
      await site.publish("end");
      expect(site.data).toEqual([...published, "end"]);
      expect(await readAll(site)).toEqual(site.events);
      const again = await LoggedSite.open({ store: site.store, history: { topicEvents: 3 } });
      expect(again.events).toEqual(site.events);
      expect(await readAll(again)).toEqual(site.events);
      expect([site.end, again.end]).toEqual([undefined, undefined]);
      await Promise.all([site.journal.close(), again.journal.close()]);
    }),
    { seed: 1111, numRuns: 60 },
  );
});

it("are logged with their numbers, and a flood of them in few lines", async () => {
  const numbers: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: ({ sequence }: { sequence?: unknown }) => void numbers.push(sequence),
  };
  const site = await LoggedSite.open({ logger });
  for (let index = 0; index < 50; index += 1) await site.log.putForeign(Buffer.from("hello"));
  expect(numbers).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

interface Event {
  readonly id: string;
  readonly data: string;
}

/** All events from the start, as a reader gets them: pages of the log, then memory. Fails for a gap. */
async function readAll({ journal: { history } }: LoggedSite): Promise<readonly Event[]> {
  const events: Event[] = [];
  const range = { filters: [parseMqttFilter("#")], rights: publicOnly, upTo: history.head };
  expect(history.losses({ ...range, after: 0 }, 0).more).toBe(false);
  for (let after = 0; after < range.upTo;) {
    const request = history.older({ ...range, after }, 200);
    if (request === undefined) {
      after = history.read({ ...range, after }, ({ id, publication }) => {
        events.push({ id, data: publication.data });
        return true;
      });
    } else {
      const page = new Promise<Parameters<Parameters<typeof request>[0]>[0]>(
        (resolve) => void request(resolve),
      );
      const { entries, upTo } = await before(page, { within: 60_000, missing: "a page" });
      for (const { id, publication } of entries) events.push({ id, data: publication.data });
      after = upTo;
    }
  }
  return events;
}
