import { describe, expect, it } from "vitest";
import { fakeFaults } from "./fake-hub.js";
import type { FakeFault } from "./fake-hub.js";
import { fakeRun } from "./fake-run.js";
import type { Rule } from "./verdict/case.js";
import { judge } from "./verdict/judge.js";

const seeds = Array.from({ length: 200 }, (_, seed) => seed + 1);

/** The rule that each fault of a hub breaks. */
const broken: Readonly<Record<FakeFault, Rule>> = {
  "acknowledges-early": "acknowledged-lost",
  "shows-early": "seen-and-gone",
  "delivers-twice": "repeated",
  swaps: "out-of-order",
  "shows-private": "private-shown",
  "shows-other-topics": "not-asked-for",
  renumbers: "renumbered",
  "splits-groups": "group-split",
  "forgets-keys": "repeated",
  "keeps-old-values": "stale-retained-value",
  skips: "missed",
  "stores-refused": "refused-but-stored",
  "tells-gaps": "needless-gap",
  "answers-others": "wrong-answer",
  "reads-differ": "nodes-differ",
  "stores-late": "before-its-turn",
  "makes-up": "never-sent",
};

function rulesBroken(seed: number, fault?: FakeFault): readonly Rule[] {
  const history = fakeRun({ seed, ...(fault === undefined ? {} : { fault }) });
  return judge(history, { allowsInterruptions: false }).findings.map(({ rule }) => rule);
}

describe("the verdict on 200 random runs", () => {
  it("finds nothing if the hub keeps its promises", () => {
    expect(seeds.flatMap((seed) => rulesBroken(seed))).toEqual([]);
  });

  // Not each run of a broken hub makes its fault visible: for instance, a kill must come before the next write.
  it.each(fakeFaults)("finds that a hub %s", (fault) => {
    const found = seeds.filter((seed) => rulesBroken(seed, fault).includes(broken[fault]));
    expect(found.length).toBeGreaterThan(seeds.length / 10);
  });
});
