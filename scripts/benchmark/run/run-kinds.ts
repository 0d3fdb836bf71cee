import type { Candidate } from "../candidate/candidate.js";
import type { Report } from "../report/report.js";
import { scenarios } from "../scenarios/all.js";
import { curvePoints } from "../scenarios/curves/curve-points.js";
import { manyClientsScenarios } from "../scenarios/large/many-clients.js";
import { otherTopicsScenarios } from "../scenarios/large/other-topics.js";
import { fineSize, fullSize, quickSize, type RunSize } from "../scenarios/run-size.js";
import type { Scenario } from "../scenarios/scenario.js";
import { candidates } from "../servers/all.js";
import { pharosWorkers } from "../servers/pharos-workers.js";
import { pharos } from "../servers/pharos.js";

/** The default measurements of a kind of run; options may change them. */
export interface RunKind {
  readonly candidates: readonly Candidate[];
  readonly scenarios: readonly Scenario[];
  readonly turns: number;
  readonly size: RunSize;
}

/** The largest scenarios need workers, because one process has too few file descriptors. */
const pharosAlone: Candidate = {
  ...pharos,
  unsupported: { workers: "one process may open 20,000 file descriptors" },
};

export const runKinds: Readonly<Record<Report["kind"], RunKind>> = Object.freeze({
  default: { candidates, scenarios, turns: 3, size: fullSize },
  quick: { candidates, scenarios, turns: 1, size: quickSize },
  scale: {
    candidates: [pharosAlone, pharosWorkers],
    scenarios: [...otherTopicsScenarios, ...manyClientsScenarios],
    turns: 1,
    size: fullSize,
  },
  curves: { candidates: [pharos], scenarios: curvePoints, turns: 1, size: fullSize },
  // A comparison has no fixed candidates: they are this checkout and the checkout that the option names.
  compare: { candidates: [], scenarios, turns: 7, size: fineSize },
});
