import type { Case, Violation } from "./case.js";

/** A retained value is the last that is stored, and at least as new as the last that was acknowledged before. */
export function* retainedHolds(judged: Case): Generator<Violation> {
  const { history, sent, places } = judged;
  for (const step of history.steps) {
    if (step.kind !== "retained") continue;
    const values = new Map(step.values);
    for (const [topic, place] of storedBefore(judged, step.askedAtMs)) {
      const value = values.get(topic);
      if (place >= 0 && (places.get(value ?? "") ?? -1) < place)
        yield { rule: "stale-retained-value", text: `${topic} had the value ${value ?? "none"}` };
    }
    for (const [topic, value] of values)
      if (sent.get(value)?.isRetained !== true || sent.get(value)?.topics.includes(topic) !== true)
        yield { rule: "stale-retained-value", text: `${topic} had the value ${value}, which is not its own` };
  }
}

/**
 * The place of each topic's last value among those that were stored for certain at this time: they were acknowledged, or
 * somebody had read the log.
 */
function storedBefore(judged: Case, atMs: number): ReadonlyMap<string, number> {
  const { history, operations, places } = judged;
  const isRead = history.steps.some((step) => step.kind === "stored" && step.atMs <= atMs);
  const certain = operations.filter(
    ({ acknowledgedAtMs }) => isRead || (acknowledgedAtMs !== undefined && acknowledgedAtMs < atMs),
  );
  const values = certain.flatMap(({ sent }) => sent.filter(({ isRetained }) => isRetained === true));
  const last = new Map<string, number>();
  for (const { topics, data } of values)
    for (const topic of topics) last.set(topic, Math.max(last.get(topic) ?? -1, places.get(data) ?? -1));
  return last;
}
