/** The duration of a run and its number of clients. */
export interface RunSize {
  readonly quick: boolean;
  /** Returns the number of clients of a scenario that has `full` clients in the default run. */
  clients(full: number): number;
  /** Returns the length, in seconds, of a period that has `full` seconds in the default run. */
  seconds(full: number): number;
  /** The precision of the saturation search: the factor between a rate that passes and a rate that fails. */
  readonly rateStep: number;
}

export const fullSize: RunSize = {
  quick: false,
  clients: (full) => full,
  seconds: (full) => full,
  rateStep: 1.12,
};

/** The size for comparing two versions of a server. Differences below 12% must be visible. */
export const fineSize: RunSize = { ...fullSize, rateStep: 1.03 };

export const quickSize: RunSize = {
  ...fullSize,
  quick: true,
  clients: (full) => Math.max(20, Math.ceil(full / 100)),
  seconds: (full) => Math.min(full, 0.4),
};
