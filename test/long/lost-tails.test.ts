import { expect, it, onTestFinished } from "vitest";
import { brokenByLoss, lostTail } from "../chaos/run/lost-tail.js";
import { Ends } from "../chaos/site/ends.js";
import { losses } from "../chaos/site/lossy-site.js";
import type { Loss } from "../chaos/site/lossy-site.js";
import { judge } from "../chaos/verdict/judge.js";

it.each(Object.keys(losses) as Loss[])(
  "%s: all who are ahead get a gap, and no id is given again",
  async (loss) => {
    const ends = new Ends();
    onTestFinished(() => ends.run());
    const { history, owedGap } = await lostTail(loss, { ends });
    const { findings } = judge(history, { allowsInterruptions: true });
    expect(findings.filter(({ rule }) => !brokenByLoss.includes(rule))).toEqual([]);
    const told = new Set(history.steps.flatMap((step) => (step.kind === "gap" ? [step.subscriber] : [])));
    expect([...told].sort()).toEqual([...owedGap].sort());
  },
);
