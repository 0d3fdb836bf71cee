import { aligned } from "./aligned.js";
import { numberText } from "./number-text.js";
import type { MeasuredResult, Report } from "../../report/report.js";

/** A performance target of the project. */
interface Target {
  readonly what: string;
  readonly target: string;
  /** The measured value, and whether the value meets the target; `undefined` if there is no value. */
  readonly outcome: (report: Report) => Outcome | undefined;
}

interface Outcome {
  readonly text: string;
  readonly met: boolean;
}

const targets: readonly Target[] = [
  {
    what: "saturated deliveries/s, 1,000 clients, Pharos alone",
    target: "at least 100 times nchan and Pushpin, nothing lost, repeated or out of order",
    outcome: (report) => compared(report, { candidate: "pharos", peers: ["nchan", "pushpin"], times: 100 }),
  },
  {
    what: "p99 at 1,000 publications/s to 1,000 clients, Pharos alone",
    target: "at most 40 ms or 3 times the floor's at 10/s, whichever is larger",
    outcome: (report) => {
      const floor = medianOf(report, { scenario: "delay-1000", candidate: "floor", figure: "p99" });
      const p99 = medianOf(report, { scenario: "rate-1000", candidate: "pharos", figure: "p99" });
      if (floor === undefined || p99 === undefined) return undefined;
      return {
        text: `${numberText(p99)} ms (floor ${numberText(floor)} ms)`,
        met: p99 <= Math.max(40, 3 * floor),
      };
    },
  },
  {
    what: "saturated deliveries/s behind Mongrel2",
    target: "at least 10 times nchan, no client disconnected",
    outcome: (report) => compared(report, { candidate: "pharos-mongrel2", peers: ["nchan"], times: 10 }),
  },
  {
    what: "Pharos' own CPU time behind Mongrel2",
    target: "at most a quarter of Mongrel2's",
    outcome: (report) => {
      const cores = measured(report, "saturation", "pharos-mongrel2")?.cores;
      const [own, server] = [cores?.["Pharos"]?.median, cores?.["Mongrel2"]?.median];
      if (own === undefined || server === undefined) return undefined;
      return { text: `${own.toFixed(2)} and ${server.toFixed(2)} cores`, met: own <= server / 4 };
    },
  },
  ...["delay-1000", "delay-10000"].map((scenario) => ({
    what: `median and p99 at 10/s, ${scenario === "delay-1000" ? "1,000" : "10,000"} clients, Pharos alone`,
    target: "at most 1.5 times the floor's",
    outcome: (report: Report) => comparedWithFloor(report, scenario),
  })),
  {
    what: "memory per idle client, Pharos alone, 10,000 clients",
    target: "at most 6 KB",
    outcome: (report) => {
      const kib = medianOf(report, { scenario: "idle-memory", candidate: "pharos", figure: "kib" });
      if (kib === undefined) return undefined;
      return { text: `${numberText((kib * 1024) / 1000)} KB`, met: kib * 1024 <= 6000 };
    },
  },
  {
    what: "resume storm of 10,000 clients, Pharos alone",
    target: "at most 3 times the time for opening them",
    outcome: (report) => {
      const times = medianOf(report, {
        scenario: "resume-storm",
        candidate: "pharos",
        figure: "timesOpening",
      });
      return times === undefined ? undefined : { text: `${numberText(times)} times`, met: times <= 3 };
    },
  },
  ...["100,000", "500,000", "1,000,000"].map((clients) => ({
    what: `${clients} clients, workers`,
    target: clients === "1,000,000" ? "attempted" : "all connected, all receive every publication",
    outcome: (report: Report) => manyClients(report, `clients-${clients.replaceAll(",", "")}`),
  })),
  ...["14000", "100000"].map((others) => ({
    what: `CPU time of a publication with ${Number(others).toLocaleString("en")} clients on other topics`,
    target: "same as without them: ranges overlap",
    outcome: (report: Report) => overlap(report, `other-topics-${others}`),
  })),
];

/** Each target that the run measured, with its value, and whether the value meets the target. */
export function targetsTable(report: Report): string {
  const rows = targets.flatMap(({ what, target, outcome }) => {
    const result = outcome(report);
    return result === undefined ? [] : [[what, target, result.text, result.met ? "yes" : "no"]];
  });
  return aligned([["figure", "target", "measured", "met"], ...rows]);
}

function measured(report: Report, scenario: string, candidate: string): MeasuredResult | undefined {
  const results = report.scenarios.find(({ name }) => name === scenario)?.results ?? [];
  const result = results.find((one) => one.candidate === candidate);
  return result?.kind === "measured" ? result : undefined;
}

function medianOf(
  report: Report,
  {
    scenario,
    candidate,
    figure,
  }: { readonly scenario: string; readonly candidate: string; readonly figure: string },
): number | undefined {
  return measured(report, scenario, candidate)?.figures[figure]?.median;
}

function compared(
  report: Report,
  {
    candidate,
    peers,
    times,
  }: { readonly candidate: string; readonly peers: readonly string[]; readonly times: number },
): Outcome | undefined {
  const result = measured(report, "saturation", candidate);
  const own = result?.figures["deliveries"]?.median;
  if (result === undefined || own === undefined) return undefined;
  const others = peers.flatMap((peer) => {
    const theirs = medianOf(report, { scenario: "saturation", candidate: peer, figure: "deliveries" });
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

function comparedWithFloor(report: Report, scenario: string): Outcome | undefined {
  const pairs = ["p50", "p99"].map((figure) => ({
    own: medianOf(report, { scenario, candidate: "pharos", figure }),
    floor: medianOf(report, { scenario, candidate: "floor", figure }),
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

function manyClients(report: Report, scenario: string): Outcome | undefined {
  const result = report.scenarios
    .find(({ name }) => name === scenario)
    ?.results.find(({ candidate }) => candidate === "pharos-workers");
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
