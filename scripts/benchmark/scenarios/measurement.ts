import type { Faults } from "../load/load-clients.js";

/** The result of one turn of a scenario. */
export interface Measurement {
  readonly figures: Readonly<Record<string, number>>;
  readonly faults?: Faults | undefined;
  /** CPU cores used by each part, clients and publisher included, if the CPU time was measured. */
  readonly cores?: Readonly<Record<string, number>> | undefined;
  /** True if the turn was so long that the benchmark does not repeat it. */
  readonly once?: boolean | undefined;
  /** Remarks for the report, for example that the server did not reach a rate. */
  readonly notes?: readonly string[] | undefined;
}

/**
 * If a turn is longer, the benchmark does not repeat it: the slowest server would determine the duration of the whole
 * run.
 */
export const slowMs = 8000;
export const slowNote = "one turn only, because it is slow";

/** A remark if the publisher reached less than nine tenths of the rate. */
export function rateNote(
  perSecond: number,
  published: { readonly inPeriod: number; readonly seconds: number },
): string[] {
  const reached = published.inPeriod / published.seconds;
  return reached < perSecond * 0.9
    ? [`accepted ${Math.round(reached)} of ${perSecond} publications a second`]
    : [];
}
