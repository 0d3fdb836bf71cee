import { Bed, type BedSpec } from "../environment/environment.js";
import type { Contestant } from "../candidate/candidate.js";
import { summarise, type ContestantEntry, type Result, type ScenarioResults } from "../report/report.js";
import type { Measurement, Scale, Scenario, TurnMemory } from "../scenarios/scenario.js";

export interface RunOptions {
  readonly contestants: readonly Contestant[];
  readonly scenarios: readonly Scenario[];
  readonly scale: Scale;
  readonly turns: number;
  /** Told before each measurement, and once at the end with `done` equal to `of`. */
  readonly progress: (step: { readonly done: number; readonly of: number; readonly what: string }) => void;
  /** Given all that is known, after each turn of a contestant: a run that is stopped leaves what it had. */
  readonly soFar?: (results: RunResults) => void;
}

export interface RunResults {
  readonly contestants: readonly ContestantEntry[];
  readonly scenarios: readonly ScenarioResults[];
}

/** What has been gathered of one contestant in one scenario. */
interface Gathered {
  readonly turns: Measurement[];
  readonly failures: string[];
  readonly memory: TurnMemory;
}

/** Measures every scenario of every contestant that can run here, in turns: A B C, A B C, … */
export async function run(options: RunOptions): Promise<RunResults> {
  const { contestants, scenarios, soFar } = options;
  const entries = await Promise.all(contestants.map(describe));
  const present = contestants.filter((_, index) => entries[index]?.kind === "present");
  const resultsOf = (gathered: ReadonlyMap<string, Gathered>): RunResults => ({
    contestants: entries,
    scenarios: scenarios.map((scenario) => ({
      name: scenario.name,
      title: scenario.title,
      point: scenario.point,
      figures: scenario.figures,
      results: contestants.map((contestant, index) =>
        resultOf({ contestant, scenario, entry: entries[index], gathered }),
      ),
    })),
  });
  const sat = (gathered: ReadonlyMap<string, Gathered>): void => soFar?.(resultsOf(gathered));
  return resultsOf(await new Run({ ...options, contestants: present }, sat).all());
}

async function describe(contestant: Contestant): Promise<ContestantEntry> {
  const { name, title, settings } = contestant;
  const reason = await contestant.missing();
  if (reason !== undefined) return { kind: "left-out", name, title, reason };
  return { kind: "present", name, title, settings, version: await contestant.version() };
}

function resultOf(options: {
  readonly contestant: Contestant;
  readonly scenario: Scenario;
  readonly entry: ContestantEntry | undefined;
  readonly gathered: ReadonlyMap<string, Gathered>;
}): Result {
  const { contestant, scenario, entry, gathered } = options;
  const { name } = contestant;
  if (entry?.kind === "left-out") return { kind: "not-measured", contestant: name, reason: entry.reason };
  const unable = inability(contestant, scenario);
  if (unable !== undefined) return { kind: "not-measured", contestant: name, reason: unable };
  const { turns = [], failures = [] } = gathered.get(keyOf(contestant, scenario)) ?? {};
  return summarise({ contestant: name, turns, failures });
}

function inability(contestant: Contestant, scenario: Scenario): string | undefined {
  return scenario.needs === undefined ? undefined : contestant.unable[scenario.needs];
}

function keyOf(contestant: Contestant, scenario: Scenario): string {
  return `${contestant.name} ${scenario.name}`;
}

/** Scenarios that follow each other and have the same crowd. */
interface Sitting {
  readonly spec: BedSpec;
  readonly scenarios: readonly Scenario[];
}

class Run {
  readonly #options: RunOptions;
  readonly #gathered = new Map<string, Gathered>();
  readonly #sat: (gathered: ReadonlyMap<string, Gathered>) => void;
  #done = 0;
  #of = 0;

  constructor(options: RunOptions, sat: (gathered: ReadonlyMap<string, Gathered>) => void) {
    this.#options = options;
    this.#sat = sat;
  }

  async all(): Promise<ReadonlyMap<string, Gathered>> {
    const { contestants, scenarios, scale, turns, progress } = this.#options;
    const sittings = sittingsOf(scenarios, scale);
    this.#of = turns * contestants.length * scenarios.length;
    for (const sitting of sittings)
      for (let turn = 0; turn < turns; turn++)
        for (const contestant of contestants) {
          await this.#sit(contestant, sitting);
          this.#sat(this.#gathered);
        }
    progress({ done: this.#of, of: this.#of, what: "done" });
    return this.#gathered;
  }

  /** One contestant's turn at the scenarios of one crowd. A bed that a scenario has worn out is made anew. */
  async #sit(contestant: Contestant, { spec, scenarios }: Sitting): Promise<void> {
    let bed: Bed | undefined;
    for (const scenario of scenarios) {
      this.#options.progress({
        done: this.#done,
        of: this.#of,
        what: `${contestant.title}: ${scenario.title}`,
      });
      this.#done += 1;
      if (inability(contestant, scenario) !== undefined) continue;
      const gathered = this.#gatheredOf(contestant, scenario);
      if (gathered.turns.some(({ once }) => once === true)) continue;
      try {
        bed ??= await Bed.open(contestant, spec);
        gathered.turns.push(await scenario.measure(bed, this.#options.scale, gathered.memory));
      } catch (error) {
        gathered.failures.push(error instanceof Error ? error.message : String(error));
      }
      bed = await usable(bed);
    }
    await bed?.close();
  }

  #gatheredOf(contestant: Contestant, scenario: Scenario): Gathered {
    const key = keyOf(contestant, scenario);
    const known = this.#gathered.get(key);
    if (known !== undefined) return known;
    const gathered: Gathered = { turns: [], failures: [], memory: new Map() };
    this.#gathered.set(key, gathered);
    return gathered;
  }
}

/** The bed, unless it is worn: then it is closed. */
async function usable(bed: Bed | undefined): Promise<Bed | undefined> {
  if (bed === undefined) return undefined;
  const worn = await bed.worn().catch((error: unknown) => String(error));
  if (worn === undefined) return bed;
  await bed.close();
  return undefined;
}

function sittingsOf(scenarios: readonly Scenario[], scale: Scale): readonly Sitting[] {
  const sittings = new Map<string, { spec: BedSpec; scenarios: Scenario[] }>();
  for (const scenario of scenarios) {
    const spec = scenario.bed(scale);
    const key = JSON.stringify(spec);
    const sitting = sittings.get(key) ?? { spec, scenarios: [] };
    sitting.scenarios.push(scenario);
    sittings.set(key, sitting);
  }
  return [...sittings.values()];
}
