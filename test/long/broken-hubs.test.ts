import { describe, expect, it, onTestFinished } from "vitest";
import { chaosRun } from "../chaos/run/chaos-run.js";
import { foreignMarks } from "../chaos/run/foreign-marks.js";
import { killsRun } from "../chaos/run/kills-run.js";
import { brokenByLoss, lostTail } from "../chaos/run/lost-tail.js";
import { restoredCopy } from "../chaos/run/restored-copy.js";
import { brokenHubs } from "../chaos/site/broken-hubs.js";
import { Ends } from "../chaos/site/ends.js";
import { patchedHub } from "../chaos/site/patched-hub.js";
import type { Rule } from "../chaos/verdict/case.js";
import { judge } from "../chaos/verdict/judge.js";

/** The rules that a hub breaks which is killed twice under publications. */
async function rulesBroken(hub: keyof typeof brokenHubs): Promise<readonly Rule[]> {
  const ends = new Ends();
  onTestFinished(() => ends.run());
  const entry = await patchedHub(brokenHubs[hub], ends.add);
  const options = { front: "http", seed: 1, kills: 2, subscribers: 9, perSecond: 250, perLife: 100 } as const;
  const { history } = await killsRun({ ...options, entry, ends });
  return judge(history, { allowsInterruptions: false }).findings.map(({ rule }) => rule);
}

it("a hub that shows publications before the disk has them is caught", async () => {
  const rules = await rulesBroken("showsBeforeStored");
  expect(rules).toEqual(expect.arrayContaining(["acknowledged-lost", "seen-and-gone"]));
});

it("a hub that forgets its answers is caught", async () => {
  const rules = await rulesBroken("forgetsAnswers");
  expect(rules).toEqual(expect.arrayContaining(["repeated", "wrong-answer"]));
});

it("a hub with the same epoch after each start is caught", async () => {
  const ends = new Ends();
  onTestFinished(() => ends.run());
  const entry = await patchedHub(brokenHubs.keepsItsEpoch, ends.add);
  const { lost, fresh, resumed } = await restoredCopy({ entry });
  expect(fresh.filter((id) => lost.includes(id))).not.toEqual([]);
  expect(resumed).not.toContain("other-epoch");
});

/** The rules that two hubs with one engine break while clients publish, and nothing else fails. */
async function rulesBrokenByTwo(hub: keyof typeof brokenHubs): Promise<readonly Rule[]> {
  const ends = new Ends();
  onTestFinished(() => ends.run());
  const entry = await patchedHub(brokenHubs[hub], ends.add);
  // So many that a record has the requests of several.
  const load = { seed: 1, seconds: 8, publisherCount: 12 };
  const history = await chaosRun({ ...load, journal: "nats", isCalm: true, entry, ends });
  return judge(history, { allowsInterruptions: false }).findings.map(({ rule }) => rule);
}

describe("of two hubs on NATS", () => {
  it("those whose records are lost on the way keep all promises", async () => {
    expect(await rulesBrokenByTwo("losesOnTheWay")).toEqual([]);
  });

  it("those that count records above the highest number, and not only the next one, are caught", async () => {
    expect(await rulesBrokenByTwo("acceptsHoles")).toContain("repeated");
  });

  it("those that skip a whole record for a repeated key are caught", async () => {
    expect(await rulesBrokenByTwo("skipsWholeRecords")).toContain("acknowledged-lost");
  });

  it("those with the same epoch after each start are caught", async () => {
    const ends = new Ends();
    onTestFinished(() => ends.run());
    const entry = await patchedHub(brokenHubs.keepsItsEpoch, ends.add);
    const loss = "two hubs and their engine are down, and the engine's files are replaced by an older copy";
    const { history } = await lostTail(loss, { entry, ends });
    const { findings } = judge(history, { allowsInterruptions: true });
    const rules = findings.map(({ rule }) => rule).filter((rule) => !brokenByLoss.includes(rule));
    expect(rules).toContain("number-given-again");
  });

  it("those that believe what another hub has told a client are caught", async () => {
    const ends = new Ends();
    onTestFinished(() => ends.run());
    const entry = await patchedHub(brokenHubs.forgetsTheTeller, ends.add);
    expect(await foreignMarks({})).toEqual(["evicted"]);
    expect(await foreignMarks({ entry })).toEqual([]);
  });
});
