import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Config } from "../config/config.js";
import { EpochChain } from "../journal/epoch-chain.js";
import { createEpoch } from "../journal/epoch.js";
import type { Journal } from "../journal/journal.js";
import { MemoryJournal } from "../journal/memory/memory-journal.js";
import type { MemoryHistoryOptions } from "../journal/memory/memory-history.js";
import { createPositionKey, OpaquePositions } from "../journal/opaque-positions.js";
import { subscriptionsTopic } from "../presence/documents.js";

export interface JournalParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Creates the journal that the configuration names. */
export function createJournal(parts: JournalParts): Promise<Journal> {
  return Promise.resolve(createMemoryJournal(parts));
}

function createMemoryJournal(parts: JournalParts): Journal {
  const epochs = EpochChain.of(createEpoch());
  const options = historyOptions(parts, { epochs, key: createPositionKey() });
  return new MemoryJournal({ ...options, idempotency: parts.config.limits.idempotency });
}

function historyOptions(
  { config, clock, metrics }: JournalParts,
  { epochs, key }: { readonly epochs: EpochChain; readonly key: Buffer },
): MemoryHistoryOptions {
  return {
    epochs,
    ...(config.opaqueIds ? { positions: new OpaquePositions({ key, epochs }) } : {}),
    clock,
    metrics,
    limits: config.limits.history,
    presenceTopic: subscriptionsTopic,
  };
}
