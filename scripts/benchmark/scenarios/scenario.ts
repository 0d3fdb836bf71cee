import type { Capability } from "../candidate/candidate.js";
import type { EnvironmentSpec } from "../environment/environment-spec.js";
import type { Environment } from "../environment/environment.js";
import type { Measurement } from "./measurement.js";
import type { RunSize } from "./run-size.js";

/** One figure of a scenario. */
export interface FigureSpec {
  readonly title: string;
  /** The unit, which the report writes after the number. */
  readonly unit: string;
  readonly better: "more" | "less";
}

/** The position of a scenario on a curve. */
export interface CurvePoint {
  /** The curve's name. */
  readonly curve: string;
  /**
   * The title of the curve. The title names the quantity that grows along the curve, and the quantities that stay the
   * same.
   */
  readonly title: string;
  readonly x: number;
}

export interface Scenario {
  readonly name: string;
  /** Present only in a run of curves. */
  readonly point?: CurvePoint;
  readonly title: string;
  readonly figures: Readonly<Record<string, FigureSpec>>;
  /** A capability that the scenario needs from the server. */
  readonly needs?: Capability;
  environment(size: RunSize): EnvironmentSpec;
  /** Rejects if the measurement fails; the message is the reason in the report. */
  measure(environment: Environment, size: RunSize, state: TurnState): Promise<Measurement>;
}

/** Values that a candidate's turn saves for its next turn in the same scenario, such as the first rate. */
export type TurnState = Map<string, number>;
