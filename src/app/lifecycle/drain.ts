import { atMost } from "../../base/at-most.js";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import type { Config } from "../../config/config.js";
import type { Polls } from "../../delivery/polls/polls.js";
import type { Front } from "../../fronts/front.js";
import type { Phase } from "./phase.js";

export interface DrainParts {
  readonly config: Pick<Config, "drainSeconds" | "closeOverSeconds">;
  readonly fronts: readonly Pick<Front, "drain" | "endEvenly">[];
  readonly polls: Pick<Polls, "endEvenly">;
  /** The number of open streams and waiting polls. */
  readonly streams: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly enter: (phase: Phase) => void;
  /** Ends the drain at once. */
  readonly hurry: AbortSignal;
}

/**
 * Makes the clients leave without a rush to the other hubs: serves for a while without being ready, and then ends the
 * streams evenly. Resolves when the hub can be closed. Publications are accepted until then.
 */
export async function drain(parts: DrainParts): Promise<void> {
  const { config, fronts, polls, streams, clock, logger, enter, hurry } = parts;
  if (hurry.aborted) return;
  const hurried = new Promise<void>((resolve) =>
    hurry.addEventListener("abort", () => resolve(), { once: true }),
  );
  enter("draining");
  for (const front of fronts) front.drain();
  if (config.drainSeconds > 0)
    logger.info(
      { seconds: config.drainSeconds, streams: streams() },
      "draining: still serving, but not ready",
    );
  await atMost(clock, config.drainSeconds * 1000, hurried);
  if (hurry.aborted || config.closeOverSeconds === 0) return;
  enter("closing");
  logger.info({ seconds: config.closeOverSeconds, streams: streams() }, "ending all streams");
  const overMs = config.closeOverSeconds * 1000;
  const ended = Promise.all([polls, ...fronts].map((each) => each.endEvenly(overMs)));
  await Promise.race([ended, hurried]);
}
