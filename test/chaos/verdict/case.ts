import type { Entry, History, Sent, Step, Subscriber } from "../history/steps.js";
import { operationsOf } from "./operations.js";
import type { Operation } from "./operations.js";

/** The promises that a history can break. */
export type Rule =
  | "acknowledged-lost"
  | "missed"
  | "repeated"
  | "out-of-order"
  | "nodes-differ"
  | "seen-and-gone"
  | "number-given-again"
  | "renumbered"
  | "private-shown"
  | "not-asked-for"
  | "never-sent"
  | "refused-but-stored"
  | "group-split"
  | "before-its-turn"
  | "wrong-answer"
  | "stale-retained-value"
  | "needless-gap"
  | "stream-refused"
  | "broken";

export interface Violation {
  readonly rule: Rule;
  readonly text: string;
}

/** What one subscriber got, in its order. */
export type Seen = Extract<Step, { kind: "received" | "gap" }>;

/** A history, prepared for the rules. */
export interface Case {
  readonly history: History;
  readonly operations: readonly Operation[];
  /** All publications that were sent, by their data. */
  readonly sent: ReadonlyMap<string, Sent>;
  /** The entries of the log at the end of the run. */
  readonly stored: readonly Entry[];
  /** The place of each stored publication in the log, by its data. */
  readonly places: ReadonlyMap<string, number>;
  readonly seenBy: ReadonlyMap<Subscriber, readonly Seen[]>;
}

/** A history of which nobody has read the log at its end counts as one with an empty log. */
export function caseOf(history: History): Case {
  const operations = operationsOf(history);
  const last = history.steps.findLast((step) => step.kind === "stored");
  const stored = last?.kind === "stored" ? last.entries : [];
  const places = new Map<string, number>();
  for (const [place, { data }] of stored.entries()) if (!places.has(data)) places.set(data, place);
  return {
    history,
    operations,
    sent: new Map(operations.flatMap(({ sent }) => sent.map((each) => [each.data, each] as const))),
    stored,
    places,
    seenBy: seenBy(history),
  };
}

function seenBy({ subscribers, steps }: History): ReadonlyMap<Subscriber, readonly Seen[]> {
  const lists = new Map<string, Seen[]>(subscribers.map(({ name }) => [name, []]));
  for (const step of steps)
    if (step.kind === "received" || step.kind === "gap") lists.get(step.subscriber)?.push(step);
  return new Map(subscribers.map((each) => [each, lists.get(each.name) ?? []]));
}

/** True if the subscriber follows a topic of the publication and may read the publication. */
export function mayGet({ topics, mayReadPrivate }: Subscriber, sent: Sent): boolean {
  return (sent.isPrivate !== true || mayReadPrivate) && sent.topics.some((topic) => topics.includes(topic));
}
