import { messageOf } from "../base/errors.js";
import { readSettingFile } from "./files/read-setting-file.js";
import type { Clock } from "../base/clock.js";
import type { Live } from "../base/live/live.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Config } from "../config/config.js";
import { EpochChain } from "../journal/epoch-chain.js";
import { createEpoch } from "../journal/epoch.js";
import { DiskLog } from "../journal/disk/disk-log.js";
import type { Log } from "../journal/log/log.js";
import { startOf } from "../journal/logged/history/log-history.js";
import { LoggedJournal } from "../journal/logged/logged-journal.js";
import type { LoggedJournalOptions } from "../journal/logged/logged-journal.js";
import type { Journal } from "../journal/journal.js";
import { MemoryJournal } from "../journal/memory/memory-journal.js";
import { MemoryHistory } from "../journal/memory/memory-history.js";
import type { MemoryHistoryOptions } from "../journal/memory/memory-history.js";
import { checkFiles } from "../journal/nats/engine/check-files.js";
import type { EngineOptions } from "../journal/nats/engine/engine.js";
import { NatsLog } from "../journal/nats/nats-log.js";
import { createPositionKey, OpaquePositions, positionKeyBytes } from "../journal/opaque-positions.js";
import { subscriptionsTopic } from "../presence/documents.js";

export interface JournalParts {
  readonly config: Live<Config>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly onEnd: LoggedJournalOptions["onEnd"];
  /** Ends the wait for an engine. */
  readonly signal: AbortSignal;
}

/**
 * Creates the journal that the configuration names. This process then holds the folder of a journal on disk. While an
 * engine does not respond, this waits.
 *
 * @throws PharosError `bad-config` with a sentence for the operator, `closed` once the signal is aborted
 */
export async function createJournal(parts: JournalParts): Promise<Journal> {
  const place = parts.config.current.journal;
  if (place.kind === "memory") return createMemoryJournal(parts);
  if (place.kind === "nats") return openLoggedJournal(natsLog(place, parts), parts);
  try {
    return await createDiskJournal(place.dir, parts);
  } catch (error) {
    if (!place.orMemory) throw error;
    parts.logger.warn(
      { reason: messageOf(error) },
      "the journal is in memory, because its folder cannot be used",
    );
    return createMemoryJournal(parts);
  }
}

function createDiskJournal(dir: string, parts: JournalParts): Promise<Journal> {
  return openLoggedJournal(
    new DiskLog({ ...parts, dir, limits: parts.config.current.limits.journal }),
    parts,
  );
}

/** The bytes of a record beside the body of its only request. */
const recordReserveBytes = 64 * 1024;

function natsLog(
  { servers, name }: { readonly servers: readonly string[]; readonly name: string },
  { config, clock, logger, signal }: JournalParts,
): NatsLog {
  const { limits } = config.current;
  return new NatsLog({
    servers,
    name,
    clock,
    logger,
    signal,
    limits: limits.journal,
    leastRecordBytes: limits.bodyBytes + recordReserveBytes,
    ...readNatsFiles(config.current),
  });
}

/**
 * Reads the files for a connection to NATS, and checks their content.
 *
 * @throws PharosError `bad-config` if a file cannot be used
 */
export function readNatsFiles({
  journalCredentials: credentials,
  journalCa: ca,
}: Pick<Config, "journalCredentials" | "journalCa">): Pick<EngineOptions, "credentials" | "ca"> {
  const files = {
    ...(credentials === undefined ? {} : { credentials: readSettingFile("journalCredentials", credentials) }),
    ...(ca === undefined ? {} : { ca: readSettingFile("journalCa", ca) }),
  };
  checkFiles(files);
  return files;
}

async function openLoggedJournal(log: Log, parts: JournalParts): Promise<Journal> {
  await log.open();
  try {
    return createLoggedJournal(log, { ...parts, secret: await log.secret() });
  } catch (error) {
    await log.close();
    throw error;
  }
}

function createMemoryJournal(parts: JournalParts): Journal {
  const epochs = EpochChain.of(createEpoch());
  const options = historyOptions(parts, { epochs, key: createPositionKey() });
  return new MemoryJournal({ ...options, idempotency: parts.config.current.limits.idempotency });
}

function createLoggedJournal(log: Log, parts: JournalParts & { readonly secret: Buffer }): Journal {
  const epochs = new EpochChain();
  const options = historyOptions(parts, { epochs, key: parts.secret.subarray(0, positionKeyBytes) });
  const { history, journal, idempotency } = parts.config.current.limits;
  return new LoggedJournal({
    ...parts,
    log,
    epochs,
    history: new MemoryHistory({
      ...options,
      // What the journal stores no longer is not served from memory either.
      limits: parts.config.derive(({ limits }) => ({
        ...limits.history,
        ageSeconds: Math.min(limits.history.ageSeconds, journal.ageSeconds),
      })),
      run: createEpoch(),
      logStart: () => startOf(log),
    }),
    limits: journal,
    idempotency,
    replayBytes: history.bytes,
  });
}

function historyOptions(
  { config, clock, metrics }: JournalParts,
  { epochs, key }: { readonly epochs: EpochChain; readonly key: Buffer },
): MemoryHistoryOptions {
  return {
    epochs,
    ...(config.current.opaqueIds ? { positions: new OpaquePositions({ key, epochs }) } : {}),
    clock,
    metrics,
    limits: config.derive(({ limits }) => limits.history),
    presenceTopic: subscriptionsTopic,
  };
}
