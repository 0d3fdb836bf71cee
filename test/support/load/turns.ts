import type { LoadGroup } from "./client.js";
import { median } from "./figures.js";
import type { Delays } from "./histogram.js";

export interface TurnsOptions {
  /** Whose delay is measured; its stream must be published to steadily meanwhile. */
  readonly group: LoadGroup;
  /** Publications that make up one turn. */
  readonly publications: number;
  /** Turns of each kind. @default 2 */
  readonly turns?: number;
  /** Begins what disturbs, and returns what ends it. */
  readonly disturb: () => Promise<() => Promise<void>>;
}

/** The delays of each turn, and the middle of their 99th percentiles in milliseconds. */
export interface Turns {
  readonly base: readonly Delays[];
  readonly disturbed: readonly Delays[];
  readonly baseP99: number;
  readonly disturbedP99: number;
}

/**
 * Measures a group's delay without and with a disturbance, in turns: what else changes on the machine meanwhile
 * then meets both alike.
 */
export async function measureInTurns(options: TurnsOptions): Promise<Turns> {
  const base: Delays[] = [];
  const disturbed: Delays[] = [];
  for (let turn = 0; turn < (options.turns ?? 2); turn += 1) {
    base.push(await measure(options));
    const end = await options.disturb();
    disturbed.push(await measure(options));
    await end();
  }
  return {
    base,
    disturbed,
    baseP99: median(base.map(({ p99 }) => p99)),
    disturbedP99: median(disturbed.map(({ p99 }) => p99)),
  };
}

/** Lines that show every turn. */
export function turnLines({ base, disturbed, baseP99, disturbedP99 }: Turns): readonly string[] {
  const line = (kind: string, { count, p50, p99, max }: Delays): string =>
    `${kind} p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} max ${max.toFixed(1)} ms (${count} events)`;
  const pairs = base.flatMap((delays, turn) => {
    const other = disturbed[turn];
    return [line("without:", delays), ...(other === undefined ? [] : [line("with:   ", other)])];
  });
  const ratio = (disturbedP99 / baseP99).toFixed(2);
  return [
    ...pairs,
    `p99, medians: ${baseP99.toFixed(1)} ms without, ${disturbedP99.toFixed(1)} ms with: ${ratio} times`,
  ];
}

/** One turn: what was under way when it began is let through first. */
async function measure({ group, publications }: TurnsOptions): Promise<Delays> {
  const { highest } = await group.snapshot();
  await group.waitSequence({ atLeast: highest + Math.ceil(publications / 10), within: 60_000 });
  await group.resetDelays();
  await group.waitSequence({ atLeast: highest + Math.ceil(publications * 1.1), within: 120_000 });
  return (await group.snapshot()).delays;
}
