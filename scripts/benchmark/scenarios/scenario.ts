import type { Ability } from "../candidate/candidate.js";
import type { Bed, BedSpec } from "../environment/environment.js";
import type { Faults } from "../load/load-clients.js";

/** One figure of a scenario. */
export interface FigureSpec {
  readonly title: string;
  /** As it stands behind the number. */
  readonly unit: string;
  readonly better: "more" | "less";
}

/** How long and how large: the default run, or seconds for a test of shape. */
export interface Scale {
  readonly quick: boolean;
  /** Of a crowd that has `full` clients in the default run. */
  clients(full: number): number;
  /** Of a stretch that has `full` seconds in the default run. */
  seconds(full: number): number;
}

/** What one turn of a scenario gave. */
export interface Measurement {
  readonly figures: Readonly<Record<string, number>>;
  readonly faults?: Faults | undefined;
  /** Processor time a second of each part, clients and publisher included, where that was looked at. */
  readonly cores?: Readonly<Record<string, number>> | undefined;
  /** It took so long that further turns are left out. */
  readonly once?: boolean | undefined;
  /** What has to be said to be honest, such as a pace that was not kept. */
  readonly notes?: readonly string[] | undefined;
}

/** Where a scenario stands on a curve. */
export interface CurvePoint {
  /** The curve's name. */
  readonly curve: string;
  /** What grows along it, and what stays as it is. */
  readonly title: string;
  readonly x: number;
}

export interface Scenario {
  readonly name: string;
  /** For a run of curves. */
  readonly point?: CurvePoint;
  readonly title: string;
  readonly figures: Readonly<Record<string, FigureSpec>>;
  /** What the server must be able to do. */
  readonly needs?: Ability;
  bed(scale: Scale): BedSpec;
  /** Rejects when it could not be measured; the message is the reason that the report gives. */
  measure(bed: Bed, scale: Scale, memory: TurnMemory): Promise<Measurement>;
}

/** What a contestant's turn leaves for its next one in the same scenario, such as the rate to begin with. */
export type TurnMemory = Map<string, number>;

export const fullScale: Scale = { quick: false, clients: (full) => full, seconds: (full) => full };

export const quickScale: Scale = {
  quick: true,
  clients: (full) => Math.max(20, Math.ceil(full / 100)),
  seconds: (full) => Math.min(full, 0.4),
};

/** A turn that took longer than this is not repeated, or the slowest server would set the time of the whole run. */
export const slowMs = 8000;
export const slowNote = "so slow that it had one turn";

/** Published at `perSecond` while the publisher should: less than nine tenths of it has to be said. */
export function paceNote(
  asked: number,
  published: { readonly stretch: number; readonly seconds: number },
): string[] {
  const kept = published.stretch / published.seconds;
  return kept < asked * 0.9 ? [`took ${Math.round(kept)} of ${asked} publications a second`] : [];
}
