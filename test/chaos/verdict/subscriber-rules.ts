import type { Subscriber } from "../history/steps.js";
import type { Case, Seen, Violation } from "./case.js";
import { mayGet } from "./case.js";

type Received = Extract<Seen, { kind: "received" }>;

function received(seen: readonly Seen[]): readonly Received[] {
  return seen.filter((step) => step.kind === "received");
}

/** A subscriber gets only what it may read, what it follows, and what is stored. */
export function* onlyItsOwn({ seenBy, sent, places }: Case): Generator<Violation> {
  for (const [subscriber, seen] of seenBy)
    for (const { data } of received(seen)) {
      const publication = sent.get(data);
      const text = `${subscriber.name} got ${data}`;
      if (publication === undefined) yield { rule: "never-sent", text };
      else if (publication.isPrivate === true && !subscriber.mayReadPrivate)
        yield { rule: "private-shown", text };
      else if (!mayGet(subscriber, publication)) yield { rule: "not-asked-for", text };
      else if (!places.has(data))
        yield { rule: "seen-and-gone", text: `${text}, which is not stored at the end` };
    }
}

/** A subscriber gets each publication at most once, and in the order of the log. */
export function* onceAndInOrder({ seenBy, places }: Case): Generator<Violation> {
  for (const [{ name }, seen] of seenBy) {
    const had = new Set<string>();
    let last = -1;
    for (const { data } of received(seen)) {
      const place = places.get(data) ?? last;
      if (had.has(data)) yield { rule: "repeated", text: `${name} got ${data} twice` };
      else if (place < last) yield { rule: "out-of-order", text: `${name} got ${data} after a later one` };
      had.add(data);
      last = Math.max(last, place);
    }
  }
}

/** A subscriber gets everything that it may get, unless a gap was told at this point. */
export function* nothingMissed(judged: Case): Generator<Violation> {
  for (const [subscriber, seen] of judged.seenBy) {
    const told = toldBy(seen, judged);
    const had = new Set(received(seen).map(({ data }) => data));
    for (const { data, place } of owedTo(subscriber, judged))
      if (!had.has(data) && !told.some(({ after, before }) => after < place && place < before))
        yield { rule: "missed", text: `${subscriber.name} did not get ${data}, and was told of no gap` };
  }
}

interface Owed {
  readonly data: string;
  readonly place: number;
}

function* owedTo(subscriber: Subscriber, { stored, sent }: Case): Generator<Owed> {
  for (const [place, { data }] of stored.entries()) {
    const publication = sent.get(data);
    if (publication !== undefined && mayGet(subscriber, publication)) yield { data, place };
  }
}

/** Between which places of the log each gap tells of a loss. */
function toldBy(
  seen: readonly Seen[],
  { places }: Case,
): readonly { readonly after: number; readonly before: number }[] {
  const placeOf = (step: Seen | undefined): number | undefined =>
    step?.kind === "received" ? places.get(step.data) : undefined;
  return seen.flatMap((step, index) => {
    if (step.kind !== "gap") return [];
    const before = seen.slice(index + 1).find((each) => placeOf(each) !== undefined);
    const after = seen.slice(0, index).findLast((each) => placeOf(each) !== undefined);
    return [{ after: placeOf(after) ?? -1, before: placeOf(before) ?? Number.POSITIVE_INFINITY }];
  });
}

/** One id names one publication, for all subscribers and for ever, and a publication keeps its id. */
export function* idsHold({ seenBy, stored, places }: Case): Generator<Violation> {
  const names = new Map<string, string>(stored.map(({ id, data }) => [`event-id ${id}`, data]));
  for (const [{ name, idFamily }, seen] of seenBy)
    for (const { id, data } of received(seen)) {
      const key = `${idFamily} ${id}`;
      const other = names.get(key) ?? data;
      names.set(key, other);
      if (other !== data)
        yield { rule: "number-given-again", text: `${id} is ${data} for ${name}, and ${other} elsewhere` };
      const kept = stored[places.get(data) ?? -1]?.id ?? id;
      if (idFamily === "event-id" && kept !== id)
        yield { rule: "renumbered", text: `${data} had the id ${id} for ${name}, and is stored as ${kept}` };
    }
}

/** A hub that keeps everything tells no gap, and never refuses a stream for a state that passes. */
export function* noInterruptions({ history }: Case): Generator<Violation> {
  for (const step of history.steps) {
    if (step.kind === "gap")
      yield { rule: "needless-gap", text: `${step.subscriber} was told a gap: ${step.reason}` };
    if (step.kind === "refused")
      yield { rule: "stream-refused", text: `${step.subscriber} was refused with ${step.status}` };
  }
}
