import { systemClock } from "../../src/app/system-clock.js";
import { silentLogger, type Logger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import { createEpoch } from "../../src/journal/epoch.js";
import { LoggedJournal } from "../../src/journal/logged/logged-journal.js";
import { MemoryHistory } from "../../src/journal/memory/memory-history.js";
import { NatsLog } from "../../src/journal/nats/nats-log.js";
import { defaultJournalLimits } from "../../src/limits/journal.js";
import { defaultIdempotencyLimits } from "../../src/limits/publications.js";
import { atTestEnd, type OnEnd } from "./on-end.js";

/** The journal of one hub on a stream of NATS, and the data of all entries that it applied. */
export interface NatsNode {
  readonly log: NatsLog;
  readonly journal: LoggedJournal;
  readonly data: readonly string[];
  publish(data: string): Promise<readonly string[]>;
}

export async function startNatsNode(options: {
  readonly servers: readonly string[];
  readonly name: string;
  /** @default a logger that writes nothing */
  readonly logger?: Logger;
  readonly onEnd?: OnEnd;
}): Promise<NatsNode> {
  const { servers, name, logger = silentLogger, onEnd = atTestEnd } = options;
  const epochs = new EpochChain();
  const common = {
    clock: systemClock,
    logger,
    metrics: silentMetrics,
    limits: defaultJournalLimits,
    idempotency: defaultIdempotencyLimits,
  };
  const log = new NatsLog({ servers, name, leastRecordBytes: 1024 * 1024, ...common });
  const history = new MemoryHistory({
    epochs,
    run: createEpoch(),
    clock: systemClock,
    metrics: silentMetrics,
  });
  await log.open();
  const journal = new LoggedJournal({
    log,
    history,
    epochs,
    replayBytes: 0,
    onEnd: () => undefined,
    ...common,
  });
  const data: string[] = [];
  journal.follow({ apply: ({ publication }) => void data.push(publication.data) });
  onEnd(() => journal.close());
  await journal.open();
  const publish = async (text: string): Promise<readonly string[]> => {
    const group = journal.begin();
    group.add(parsePublication({ topics: ["a"], data: text }));
    return group.commit();
  };
  return { log, journal, data, publish };
}
