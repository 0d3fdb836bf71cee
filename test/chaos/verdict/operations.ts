import type { History, Outcome, Sent, Step } from "../history/steps.js";

/** All attempts of one request: those with the same key, or the only one. */
export interface Operation {
  readonly name: string;
  readonly sent: readonly Sent[];
  readonly calledAtMs: number;
  /** The time of the first acknowledgement. */
  readonly acknowledgedAtMs?: number;
  readonly outcome: Outcome;
  /** The ids of each acknowledgement that had ids. */
  readonly ids: readonly (readonly string[])[];
}

type Called = Extract<Step, { kind: "called" }>;
type Answered = Extract<Step, { kind: "answered" }>;

/** The requests of all publishers. */
export function operationsOf({ steps }: History): readonly Operation[] {
  const answers = new Map<number, Answered>();
  for (const step of steps) if (step.kind === "answered") answers.set(step.call, step);
  const attempts = new Map<string, Called[]>();
  for (const step of steps) {
    if (step.kind !== "called") continue;
    const name = step.key === undefined ? `call ${step.call} of ${step.publisher}` : `key ${step.key}`;
    attempts.set(name, [...(attempts.get(name) ?? []), step]);
  }
  return [...attempts].map(([name, calls]) => operationOf(name, calls, answers));
}

function operationOf(
  name: string,
  calls: readonly Called[],
  answers: ReadonlyMap<number, Answered>,
): Operation {
  const known = calls.flatMap(({ call }) => answers.get(call) ?? []);
  const acknowledgements = known.filter(({ outcome }) => outcome === "acknowledged");
  const [first] = acknowledgements;
  return {
    name,
    sent: calls[0]?.sent ?? [],
    calledAtMs: Math.min(...calls.map(({ atMs }) => atMs)),
    ...(first === undefined ? {} : { acknowledgedAtMs: first.atMs }),
    outcome: outcomeOf(
      known.map(({ outcome }) => outcome),
      calls.length,
    ),
    ids: acknowledgements.map(({ ids }) => ids).filter((ids) => ids.length > 0),
  };
}

/** One attempt that may be stored, or that got no answer, makes the whole request unknown. */
function outcomeOf(outcomes: readonly Outcome[], calls: number): Outcome {
  if (outcomes.includes("acknowledged")) return "acknowledged";
  return outcomes.length === calls && !outcomes.includes("unknown") ? "refused" : "unknown";
}
