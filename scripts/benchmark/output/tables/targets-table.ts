import { aligned } from "./aligned.js";
import { numberText } from "./number-text.js";
import type { Report, Result } from "../../report/report.js";

/** One line of what the project has set itself. */
interface Goal {
  readonly what: string;
  readonly goal: string;
  /** What came of it, and whether that is enough; `undefined` when it was not measured. */
  readonly outcome: (report: Report) => Outcome | undefined;
}

interface Outcome {
  readonly text: string;
  readonly met: boolean;
}

type Measured = Extract<Result, { kind: "measured" }>;

const goals: readonly Goal[] = [
  {
    what: "saturated deliveries/s, 1,000 clients, Pharos alone",
    goal: "100 times nchan and Pushpin, nothing lost, repeated or out of order",
    outcome: (report) => compared(report, { contestant: "pharos", peers: ["nchan", "pushpin"], times: 100 }),
  },
  {
    what: "p99 at 1,000 publications/s to 1,000 clients, Pharos alone",
    goal: "the larger of 40 ms and 3 times the floor's at 10/s",
    outcome: (report) => {
      const floor = medianOf(report, { scenario: "delay-1000", contestant: "floor", figure: "p99" });
      const p99 = medianOf(report, { scenario: "rate-1000", contestant: "pharos", figure: "p99" });
      if (floor === undefined || p99 === undefined) return undefined;
      return {
        text: `${numberText(p99)} ms, the floor's ${numberText(floor)} ms`,
        met: p99 <= Math.max(40, 3 * floor),
      };
    },
  },
  {
    what: "saturated deliveries/s behind Mongrel2",
    goal: "10 times nchan, nobody disconnected",
    outcome: (report) => compared(report, { contestant: "pharos-mongrel2", peers: ["nchan"], times: 10 }),
  },
  {
    what: "Pharos' own processor time there",
    goal: "a quarter of Mongrel2's",
    outcome: (report) => {
      const cores = measured(report, "saturation", "pharos-mongrel2")?.cores;
      const [own, server] = [cores?.["Pharos"]?.median, cores?.["Mongrel2"]?.median];
      if (own === undefined || server === undefined) return undefined;
      return { text: `${own.toFixed(2)} and ${server.toFixed(2)} cores`, met: own <= server / 4 };
    },
  },
  ...["delay-1000", "delay-10000"].map((scenario) => ({
    what: `median and p99 at 10/s, ${scenario === "delay-1000" ? "1,000" : "10,000"} clients, Pharos alone`,
    goal: "1.5 times the floor's",
    outcome: (report: Report) => besideFloor(report, scenario),
  })),
  {
    what: "memory per idle client, Pharos alone, 10,000 clients",
    goal: "6 KB",
    outcome: (report) => {
      const kib = medianOf(report, { scenario: "idle-memory", contestant: "pharos", figure: "kib" });
      if (kib === undefined) return undefined;
      return { text: `${numberText((kib * 1024) / 1000)} KB`, met: kib * 1024 <= 6000 };
    },
  },
  {
    what: "resume storm of 10,000 clients, Pharos alone",
    goal: "3 times what opening them takes",
    outcome: (report) => {
      const times = medianOf(report, {
        scenario: "resume-storm",
        contestant: "pharos",
        figure: "timesOpening",
      });
      return times === undefined ? undefined : { text: `${numberText(times)} times`, met: times <= 3 };
    },
  },
  ...["100,000", "500,000", "1,000,000"].map((clients) => ({
    what: `${clients} clients, workers`,
    goal: clients === "1,000,000" ? "tried" : "all connected, every publication reaches all",
    outcome: (report: Report) => crowd(report, `clients-${clients.replaceAll(",", "")}`),
  })),
  ...["14000", "100000"].map((others) => ({
    what: `cost of a publication beside ${Number(others).toLocaleString("en")} clients on other topics`,
    goal: "as with none: ranges overlap",
    outcome: (report: Report) => overlap(report, `other-topics-${others}`),
  })),
];

/** What was set out for, what came of it in this run, and whether it is enough. Rows that it did not measure are left out. */
export function goalsTable(report: Report): string {
  const rows = goals.flatMap(({ what, goal, outcome }) => {
    const came = outcome(report);
    return came === undefined ? [] : [[what, goal, came.text, came.met ? "yes" : "no"]];
  });
  return aligned([["what", "goal", "measured", "met"], ...rows]);
}

function measured(report: Report, scenario: string, contestant: string): Measured | undefined {
  const results = report.scenarios.find(({ name }) => name === scenario)?.results ?? [];
  const result = results.find((one) => one.contestant === contestant);
  return result?.kind === "measured" ? result : undefined;
}

function medianOf(
  report: Report,
  {
    scenario,
    contestant,
    figure,
  }: { readonly scenario: string; readonly contestant: string; readonly figure: string },
): number | undefined {
  return measured(report, scenario, contestant)?.figures[figure]?.median;
}

function compared(
  report: Report,
  {
    contestant,
    peers,
    times,
  }: { readonly contestant: string; readonly peers: readonly string[]; readonly times: number },
): Outcome | undefined {
  const result = measured(report, "saturation", contestant);
  const own = result?.figures["deliveries"]?.median;
  if (result === undefined || own === undefined) return undefined;
  const others = peers.flatMap((peer) => {
    const theirs = medianOf(report, { scenario: "saturation", contestant: peer, figure: "deliveries" });
    return theirs === undefined ? [] : [{ peer, theirs }];
  });
  const faultless = Object.keys(result.faults).length === 0;
  const texts = others.map(
    ({ peer, theirs }) => `${numberText(own / theirs)} times ${peer} (${numberText(theirs)})`,
  );
  return {
    text: [numberText(own), ...texts, faultless ? "nothing lost" : "with losses"].join(", "),
    met: faultless && others.length === peers.length && others.every(({ theirs }) => own >= theirs * times),
  };
}

function besideFloor(report: Report, scenario: string): Outcome | undefined {
  const pairs = ["p50", "p99"].map((figure) => ({
    own: medianOf(report, { scenario, contestant: "pharos", figure }),
    floor: medianOf(report, { scenario, contestant: "floor", figure }),
  }));
  const texts: string[] = [];
  let met = true;
  for (const { own, floor } of pairs) {
    if (own === undefined || floor === undefined) return undefined;
    texts.push(`${numberText(own)} ms (floor ${numberText(floor)})`);
    met &&= own <= floor * 1.5;
  }
  return { text: texts.join(", "), met };
}

function crowd(report: Report, scenario: string): Outcome | undefined {
  const result = report.scenarios
    .find(({ name }) => name === scenario)
    ?.results.find(({ contestant }) => contestant === "pharos-workers");
  if (result === undefined) return undefined;
  if (result.kind === "not-measured") return { text: result.reason, met: false };
  const seconds = (result.figures["last"]?.median ?? 0) / 1000;
  const faultless = Object.keys(result.faults).length === 0;
  return {
    text: `all, ${faultless ? "nothing lost" : "with losses"}, the last client after ${numberText(seconds)} s`,
    met: faultless,
  };
}

function overlap(report: Report, scenario: string): Outcome | undefined {
  const result = measured(report, scenario, "pharos") ?? measured(report, scenario, "pharos-workers");
  const note = result?.notes[0];
  const gap = result?.figures["gap"];
  return note === undefined || gap === undefined ? undefined : { text: note, met: gap.max === 0 };
}
