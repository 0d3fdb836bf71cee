import { expect, test } from "vitest";
import { groupLines, grouped, printFigures } from "../support/load/figures.js";
import { reloadUnderLoad } from "../support/reload/reload-under-load.js";

const clients = 1000;
const reloads = 30;

test.each([0, 2])(
  "1,000 clients stay and miss nothing while the keys change 30 times, with %d workers",
  async (workers) => {
    const { reloadMs, snapshot, ...figures } = await reloadUnderLoad({ workers, clients, reloads });
    const sorted = [...reloadMs].sort((a, b) => a - b);
    printFigures(`${grouped(clients)} clients, ${reloads} reloads, ${workers} workers`, [
      `SIGHUP to the log line: median ${sorted[reloads / 2]?.toFixed(1)} ms, longest ${sorted.at(-1)?.toFixed(1)} ms`,
      `${grouped(figures.requests)} requests with a token, ${figures.wronglyAnswered.length} answered wrongly`,
      ...groupLines([snapshot]),
    ]);
    const { faults, open, wronglyAnswered } = figures;
    expect({ faults, open, wronglyAnswered }).toEqual({ faults: {}, open: clients, wronglyAnswered: [] });
  },
);
