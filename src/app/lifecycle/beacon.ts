import type { Clock, Timer } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import { parsePublication } from "../../hub/publications/publication.js";
import type { Journal } from "../../journal/journal.js";
import { defaultTopic } from "../../protocol.js";

/**
 * Publishes `Timestamp <ISO 8601>` to the topic `broadcast` at once and then every `seconds`, so that a new client sees
 * events arrive. The publisher sets no event ids. A counter would start again with each start of the hub, and a
 * resuming client would then resume from another event.
 */
export function startBeacon(options: {
  readonly seconds: number;
  readonly journal: Pick<Journal, "append" | "roomOnceUp">;
  readonly clock: Clock;
  readonly logger: Logger;
}): Timer {
  const { seconds, journal, clock, logger } = options;
  const publish = (): void => {
    // While the journal stores nothing, the events would pile up.
    if (journal.roomOnceUp() !== undefined) return;
    const data = `Timestamp ${new Date(clock.now()).toISOString()}`;
    const receipt = journal.append(parsePublication({ topics: [defaultTopic], data }));
    if (receipt instanceof Promise)
      receipt.catch((error: unknown) => logger.error({ error }, "a beacon event could not be stored"));
  };
  publish();
  return clock.every(seconds * 1000, publish);
}
