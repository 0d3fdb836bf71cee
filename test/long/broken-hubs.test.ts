import { expect, it, onTestFinished } from "vitest";
import { killsRun } from "../chaos/run/kills-run.js";
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
  const options = { front: "http", seed: 1, kills: 2, subscribers: 9, perLife: 100 } as const;
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
