/** One figure of this checkout and of the base checkout. */
export interface Comparison {
  readonly scenario: string;
  readonly figure: string;
  readonly unit: string;
  readonly better: "more" | "less";
  /** Median of the base checkout's turns. */
  readonly base: number;
  /** Median of this checkout's turns. */
  readonly current: number;
  /** `current` divided by `base`. */
  readonly ratio: number;
}
