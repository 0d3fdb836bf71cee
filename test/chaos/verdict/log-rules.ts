import type { Entry } from "../history/steps.js";
import type { Case, Violation } from "./case.js";
import type { Operation } from "./operations.js";

/** All reads of the log at its end show the same entries: on every node, and after a restart. */
export function* sameEverywhere({ history, stored }: Case): Generator<Violation> {
  const text = ({ id, data }: Entry | undefined = { id: "nothing", data: "" }): string => `${id} ${data}`;
  for (const step of history.steps) {
    if (step.kind !== "stored") continue;
    const length = Math.max(stored.length, step.entries.length);
    for (let place = 0; place < length; place += 1) {
      const [here, last] = [text(step.entries[place]), text(stored[place])];
      if (here === last) continue;
      yield {
        rule: "nodes-differ",
        text: `${step.node} has ${here} at place ${place}, later there is ${last}`,
      };
      break;
    }
  }
}

/** Each publication is stored once, and somebody has sent it. */
export function* storedOnce({ stored, places, sent }: Case): Generator<Violation> {
  for (const [place, { data }] of stored.entries()) {
    if (places.get(data) !== place) yield { rule: "repeated", text: `${data} is stored twice` };
    if (!sent.has(data)) yield { rule: "never-sent", text: `${data} is stored, but nobody has sent it` };
  }
}

/** Acknowledged publications are stored, refused ones are not, and the rest is stored as a whole or not at all. */
export function* outcomesHold({ operations, places }: Case): Generator<Violation> {
  for (const { name, sent, outcome } of operations) {
    const stored = sent.filter(({ data }) => places.has(data));
    const missing = sent.filter(({ data }) => !places.has(data));
    const some = missing[0]?.data ?? "";
    if (outcome === "acknowledged" && missing.length > 0)
      yield { rule: "acknowledged-lost", text: `${some} of ${name} was acknowledged and is not stored` };
    else if (outcome === "refused" && stored.length > 0)
      yield { rule: "refused-but-stored", text: `${stored[0]?.data} of ${name} was refused and is stored` };
    else if (stored.length > 0 && missing.length > 0)
      yield { rule: "group-split", text: `${stored[0]?.data} of ${name} is stored, and ${some} is not` };
  }
}

/** The publications of a request are stored in their order. */
export function* groupsInOrder({ operations, places }: Case): Generator<Violation> {
  for (const { name, sent } of operations) {
    const order = sent.flatMap(({ data }) => places.get(data) ?? []);
    if (order.some((place, index) => place < (order[index - 1] ?? -1)))
      yield { rule: "out-of-order", text: `the publications of ${name} are stored in another order` };
  }
}

/** What was acknowledged before a request began is stored before the publications of this request. */
export function* inTime({ operations, places }: Case): Generator<Violation> {
  const placesOf = ({ sent }: Operation): readonly number[] =>
    sent.flatMap(({ data }) => places.get(data) ?? []);
  const acknowledged = operations
    .filter((each) => each.acknowledgedAtMs !== undefined)
    .toSorted((a, b) => (a.acknowledgedAtMs ?? 0) - (b.acknowledgedAtMs ?? 0));
  let done = 0;
  let highest = -1;
  for (const operation of operations.toSorted((a, b) => a.calledAtMs - b.calledAtMs)) {
    for (let next = acknowledged[done]; next !== undefined; next = acknowledged[done]) {
      if ((next.acknowledgedAtMs ?? 0) >= operation.calledAtMs) break;
      highest = Math.max(highest, ...placesOf(next));
      done += 1;
    }
    if (placesOf(operation).some((place) => place < highest))
      yield {
        rule: "before-its-turn",
        text: `${operation.name} is stored before a publication that was acknowledged before it began`,
      };
  }
}

/** Every answer has the ids under which the publications are stored: the first answer and repeated ones. */
export function* answersHold({ operations, places, stored }: Case): Generator<Violation> {
  for (const { name, sent, ids } of operations)
    for (const answer of ids) {
      const found = sent.map(({ data }) => stored[places.get(data) ?? -1]?.id);
      const isRight =
        answer.length === sent.length && answer.every((id, n) => found[n] === undefined || found[n] === id);
      if (!isRight)
        yield {
          rule: "wrong-answer",
          text: `${name} was answered ${answer.join()}, stored are ${found.join()}`,
        };
    }
}
