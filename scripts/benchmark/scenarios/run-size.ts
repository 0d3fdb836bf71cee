/** How long and how large a run is. */
export interface RunSize {
  readonly quick: boolean;
  /** The clients of a scenario that has `full` clients in the default run. */
  clients(full: number): number;
  /** The length of a period that has `full` seconds in the default run. */
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
