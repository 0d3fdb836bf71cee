import type { LoadGroup } from "./client.js";
import { median } from "./figures.js";
import type { Delays } from "./histogram.js";

export interface AlternatingOptions {
  /** The group whose delay is measured. The test must publish to the stream of this group at a steady rate. */
  readonly group: LoadGroup;
  /** Publications per measurement. */
  readonly publications: number;
  /** Measurements of each kind. @default 2 */
  readonly repetitions?: number;
  /** Starts the disturbance; returns a function that ends it. */
  readonly disturb: () => Promise<() => Promise<void>>;
}

/** The delays of each measurement, and the medians of their 99th percentiles in milliseconds. */
export interface AlternatingDelays {
  readonly base: readonly Delays[];
  readonly disturbed: readonly Delays[];
  readonly baseP99: number;
  readonly disturbedP99: number;
}

/**
 * Measures a group's delay alternately without and with a disturbance, so that other load on the machine affects both
 * kinds of measurement equally.
 */
export async function measureAlternating(options: AlternatingOptions): Promise<AlternatingDelays> {
  const base: Delays[] = [];
  const disturbed: Delays[] = [];
  for (let count = 0; count < (options.repetitions ?? 2); count += 1) {
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

/** One line per measurement, and one for the medians. */
export function alternatingLines(delays: AlternatingDelays): readonly string[] {
  const { base, disturbed, baseP99, disturbedP99 } = delays;
  const line = (kind: string, { count, p50, p99, max }: Delays): string =>
    `${kind} p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} max ${max.toFixed(1)} ms (${count} events)`;
  const pairs = base.flatMap((without, index) => {
    const other = disturbed[index];
    return other === undefined
      ? [line("without:", without)]
      : [line("without:", without), line("with:   ", other)];
  });
  const ratio = (disturbedP99 / baseP99).toFixed(2);
  return [
    ...pairs,
    `p99, medians: ${baseP99.toFixed(1)} ms without, ${disturbedP99.toFixed(1)} ms with: ${ratio} times`,
  ];
}

/** Waits until earlier publications have arrived, then measures. */
async function measure({ group, publications }: AlternatingOptions): Promise<Delays> {
  const { highest } = await group.snapshot();
  await group.waitSequence({ atLeast: highest + Math.ceil(publications / 10), within: 60_000 });
  await group.resetDelays();
  await group.waitSequence({ atLeast: highest + Math.ceil(publications * 1.1), within: 120_000 });
  return (await group.snapshot()).delays;
}
