import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RecordTimes, type RecordTime } from "../../../src/journal/logged/record-times.js";

const ageMs = 500_000;

/** Records in order of time, with pauses of any length. */
const records = fc
  .array(fc.record({ pauseMs: fc.oneof(fc.nat(2000), fc.nat(ageMs)), step: fc.integer({ min: 1, max: 5 }) }))
  .map((steps) => {
    let [sequence, atMs] = [0, 1_700_000_000_000];
    return steps.map(({ pauseMs, step }): RecordTime => {
      sequence += step;
      atMs += pauseMs;
      return { sequence, atMs };
    });
  });

test("records count as old at once, or a hundredth of the age later", () => {
  fc.assert(
    fc.property(records, fc.nat(ageMs), fc.boolean(), (all, agoMs, isRestored) => {
      let times = new RecordTimes(ageMs);
      expect(times.periodMs).toBe(ageMs / 100);
      for (const record of all) times.add(record);
      if (isRestored) times = restored(times);
      const atMs = (all.at(-1)?.atMs ?? 0) - agoMs;
      const found = times.lastBefore(atMs);
      const old = all.filter((record) => record.atMs < atMs);
      const sureOld = all.filter((record) => record.atMs < atMs - times.periodMs);
      expect(found).toBeLessThanOrEqual(old.at(-1)?.sequence ?? 0);
      expect(found).toBeGreaterThanOrEqual(sureOld.at(-1)?.sequence ?? 0);
    }),
  );
});

test("the newest record grows old without a later one", () => {
  const times = new RecordTimes(ageMs);
  times.add({ sequence: 7, atMs: 1000 });
  expect([times.lastBefore(1000), times.lastBefore(1001)]).toEqual([0, 7]);
});

test("the times of a log over years stay few", () => {
  const times = new RecordTimes(ageMs);
  for (let sequence = 1; sequence <= 10_000; sequence += 1) times.add({ sequence, atMs: sequence * 10_000 });
  expect([...times.save()].length).toBeLessThan(210);
  expect(times.lastBefore(9_000 * 10_000)).toBe(0);
  expect(times.lastBefore(9_950 * 10_000)).toBe(9_949);
});

function restored(times: RecordTimes): RecordTimes {
  const copy = new RecordTimes(ageMs);
  for (const item of times.save()) copy.load(JSON.parse(JSON.stringify(item)));
  return copy;
}
