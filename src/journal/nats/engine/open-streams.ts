import type { StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { DiscardPolicy, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { PharosError } from "../../../base/errors.js";
import type { Logger } from "../../../base/log.js";
import type { Engine } from "./engine.js";
import { isNoCluster, isStreamNotFound, isTooFewServers } from "./engine-errors.js";
import type { StreamNames } from "./stream-names.js";

/** The copies of each stream, if the engine has as many servers. */
const wantedReplicas = 3;

/** The wait for the other servers of a cluster that has just started, in milliseconds. */
const serversMs = 10_000;
const serversLookMs = 1000;

export interface StreamsToOpen {
  readonly engine: Engine;
  readonly names: StreamNames;
  readonly logger: Logger;
}

/**
 * Opens the streams of a log, and creates those that the engine does not have. Returns the state of the records.
 *
 * @throws PharosError `bad-config` if a stream with this name is not fit for a log
 */
export async function openStreams(opening: StreamsToOpen): Promise<StreamInfo> {
  const { engine, names, logger } = opening;
  const records = await openStream(engine, {
    name: names.records,
    subjects: [names.subject],
    republish: { src: names.subject, dest: names.live },
  });
  const state = await openStream(engine, { name: names.state, subjects: [`${names.statePrefix}>`] });
  for (const { name, num_replicas: replicas } of [records.config, state.config])
    if (replicas < wantedReplicas)
      logger.warn(
        { stream: name, replicas },
        "the stream has fewer than 3 replicas: if its server is lost, the journal is lost",
      );
  return records;
}

type Wanted = Pick<StreamConfig, "name" | "subjects" | "republish">;

async function openStream(engine: Engine, wanted: Wanted): Promise<StreamInfo> {
  const info = (await findStream(engine, wanted.name)) ?? (await createStream(engine, wanted));
  checkStream(info.config, wanted);
  return info;
}

async function findStream(engine: Engine, name: string): Promise<StreamInfo | undefined> {
  try {
    return await engine.manager.streams.info(name);
  } catch (error) {
    if (isStreamNotFound(error)) return undefined;
    throw error;
  }
}

async function createStream(engine: Engine, wanted: Wanted): Promise<StreamInfo> {
  const endMs = performance.now() + serversMs;
  for (;;) {
    try {
      return await engine.manager.streams.add(configOf(wanted, wantedReplicas));
    } catch (error) {
      if (!isTooFewServers(error)) throw error;
      if (isNoCluster(error) || performance.now() > endMs) break;
      await new Promise((resolve) => setTimeout(resolve, serversLookMs));
    }
  }
  return engine.manager.streams.add(configOf(wanted, 1));
}

/** A stream that removes nothing by itself: the hubs remove records that a snapshot covers. */
function configOf(wanted: Wanted, replicas: number): Partial<StreamConfig> & { name: string } {
  return {
    ...wanted,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
  };
}

function checkStream(config: StreamConfig, { name, subjects, republish }: Wanted): void {
  const hasLimit = [config.max_age, config.max_msgs_per_subject].some((limit) => limit > 0);
  const discards = config.discard === DiscardPolicy.Old && (config.max_bytes > 0 || config.max_msgs > 0);
  const faults = [
    [config.subjects.join(" ") !== subjects.join(" "), `has the subjects ${config.subjects.join(" ")}`],
    [config.retention !== RetentionPolicy.Limits, `has the retention ${config.retention}`],
    [config.storage !== StorageType.File, "is in memory only"],
    [hasLimit || discards, "removes messages by itself"],
    [config.deny_purge, "does not allow the hub to purge"],
    [config.republish?.dest !== republish?.dest, `does not republish its messages as ${republish?.dest}`],
  ] as const;
  const fault = faults.find(([isFaulty]) => isFaulty);
  if (fault !== undefined)
    throw new PharosError(
      "bad-config",
      `the stream ${name} of NATS ${fault[1]}. Delete the stream, or choose another name; the hub creates its own`,
    );
}
