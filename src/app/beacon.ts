import type { Clock, Timer } from "../base/clock.js";
import { parsePublication } from "../hub/publications/publication.js";
import type { Journal } from "../journal/journal.js";
import { defaultTopic } from "../protocol.js";

/**
 * Publishes `Timestamp <ISO 8601>` to the topic `broadcast` at once and then every `seconds`, so that a newcomer sees
 * events arrive. Its events have positions for ids: a count of its own would begin again with the hub and mean
 * something else to clients that come back.
 */
export function startBeacon(options: {
  readonly seconds: number;
  readonly journal: Journal;
  readonly clock: Clock;
}): Timer {
  const { seconds, journal, clock } = options;
  const publish = (): void => {
    const data = `Timestamp ${new Date(clock.now()).toISOString()}`;
    void journal.append(parsePublication({ topics: [defaultTopic], data }));
  };
  publish();
  return clock.every(seconds * 1000, publish);
}
