import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import type { LogLimits, Sequence } from "../log/log.js";
import type { LogExtent, RecordSizes } from "./record-sizes.js";

/** The bytes that the engine stores for each record beside its content, at most. */
export const storedOverheadBytes = 128;

export interface LogSpaceOptions {
  readonly manager: JetStreamManager;
  readonly info: StreamInfo;
}

/** True if the limits of the stream and of the account allow a record of this size. */
export async function hasSpace({ manager, info }: LogSpaceOptions, recordBytes: number): Promise<boolean> {
  const { config, state } = info;
  const bytes = recordBytes + storedOverheadBytes;
  if (config.max_bytes > 0 && state.bytes + bytes > config.max_bytes) return false;
  if (config.max_msgs > 0 && state.messages >= config.max_msgs) return false;
  const account = await manager.getAccountInfo();
  const { limits, storage } = account.tiers?.[config.num_replicas > 1 ? "R3" : "R1"] ?? account;
  return limits.max_storage <= 0 || storage + bytes <= limits.max_storage;
}

export interface TrimOptions extends LogSpaceOptions {
  readonly extent: LogExtent;
  readonly sizes: RecordSizes;
  readonly limits: LogLimits;
  /** The last record that has expired. */
  readonly expired: Sequence;
  /** The complete snapshots, oldest first. */
  readonly snapshots: () => Promise<readonly Sequence[]>;
}

/**
 * Removes the records that have expired, and the oldest ones above the limit of the log, but keeps the record of the oldest snapshot and all after it.
 * Several hubs may do this at the same time.
 */
export async function trimLog(options: TrimOptions): Promise<void> {
  const { manager, info, extent, sizes, limits, expired, snapshots } = options;
  sizes.trim(extent.first);
  const cut = Math.max(expired + 1, sizes.cut(limits.bytes, extent));
  if (cut <= extent.first) return;
  const [oldest] = await snapshots();
  if (oldest === undefined || oldest <= extent.first) return;
  await manager.streams.purge(info.config.name, { seq: Math.min(cut, oldest) });
}
