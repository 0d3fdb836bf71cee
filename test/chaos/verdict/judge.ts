import type { History } from "../history/steps.js";
import { caseOf } from "./case.js";
import type { Case, Rule, Violation } from "./case.js";
import { answersHold, groupsInOrder, inTime, outcomesHold, sameEverywhere, storedOnce } from "./log-rules.js";
import { retainedHolds } from "./retained-rules.js";
import { idsHold, noInterruptions, nothingMissed, onceAndInOrder, onlyItsOwn } from "./subscriber-rules.js";

/** How often a rule was broken, with examples. */
export interface Finding {
  readonly rule: Rule;
  readonly count: number;
  readonly examples: readonly string[];
}

export interface Verdict {
  /** Empty if every promise was kept. */
  readonly findings: readonly Finding[];
  readonly figures: Figures;
}

export interface Figures {
  readonly requests: number;
  /** Publications whose request was acknowledged. */
  readonly acknowledged: number;
  /** Publications of requests with an unknown outcome, and how many of them are stored. */
  readonly unknown: number;
  readonly unknownStored: number;
  readonly stored: number;
  readonly received: number;
  readonly gaps: number;
  readonly reopened: number;
}

const rules: readonly ((judged: Case) => Iterable<Violation>)[] = [
  sameEverywhere,
  storedOnce,
  outcomesHold,
  groupsInOrder,
  inTime,
  answersHold,
  onlyItsOwn,
  onceAndInOrder,
  nothingMissed,
  idsHold,
  retainedHolds,
  recorded,
];

const mostExamples = 5;
const mostExampleLength = 240;

/**
 * Judges a history by all rules. If nobody has read the log at the end of the run, the other rules cannot be applied: the
 * verdict then has only what broke the run.
 *
 * @param options.allowsInterruptions false for a hub that must keep everything: a gap, or a refused stream, then breaks
 *   a promise too
 */
export function judge(history: History, options: { readonly allowsInterruptions: boolean }): Verdict {
  const judged = caseOf(history);
  const isComplete = history.steps.some(({ kind }) => kind === "stored");
  const kept = options.allowsInterruptions ? rules : [...rules, noInterruptions];
  const applied = isComplete ? kept : [recorded];
  const found = new Map<Rule, { count: number; examples: string[] }>();
  for (const rule of applied)
    for (const { rule: name, text } of rule(judged)) {
      const finding = found.get(name) ?? { count: 0, examples: [] };
      found.set(name, finding);
      finding.count += 1;
      if (finding.examples.length < mostExamples) finding.examples.push(shortened(text));
    }
  return {
    findings: [...found].map(([rule, { count, examples }]) => ({ rule, count, examples })),
    figures: figuresOf(judged),
  };
}

/** Data has a filler behind its name, and an answer may have 1,000 ids. */
function shortened(text: string): string {
  return text.replaceAll(/ x*(?= |$)/g, "").slice(0, mostExampleLength);
}

/** The run itself noted that something broke. */
function* recorded({ history }: Case): Generator<Violation> {
  for (const step of history.steps) if (step.kind === "broken") yield { rule: "broken", text: step.detail };
}

function figuresOf({ history, operations, places, stored }: Case): Figures {
  const count = (kind: string): number => history.steps.filter((step) => step.kind === kind).length;
  const of = (outcome: string) => operations.flatMap((each) => (each.outcome === outcome ? each.sent : []));
  const unknown = of("unknown");
  return {
    requests: operations.length,
    acknowledged: of("acknowledged").length,
    unknown: unknown.length,
    unknownStored: unknown.filter(({ data }) => places.has(data)).length,
    stored: stored.length,
    received: count("received"),
    gaps: count("gap"),
    reopened: count("opened") - history.subscribers.length,
  };
}
