import type { Sequence, StoredRecord } from "../log/log.js";
import type { DiskStore } from "./disk-store.js";

/** A small page reads little more than itself. */
const leastChunkBytes = 64 * 1024;
const mostChunkBytes = 1024 * 1024;

/** Reads records after `after`: at least one if there is one, and not more than `maxBytes` otherwise. */
export async function readLogPage(
  store: DiskStore,
  after: Sequence,
  maxBytes: number,
): Promise<readonly StoredRecord[]> {
  const cursor = store.cursor(after, Math.min(Math.max(maxBytes, leastChunkBytes), mostChunkBytes));
  const page: StoredRecord[] = [];
  try {
    let left = maxBytes;
    for (let records = await cursor.next(); records.length > 0; records = await cursor.next()) {
      const fitting = countFitting(records, left, page.length === 0);
      page.push(...records.slice(0, fitting));
      if (fitting < records.length) break;
      left -= sizeOf(records);
    }
    return page;
  } finally {
    await cursor.close();
  }
}

/** The number of leading records that fit into `bytes`. Counts the first record in any case if `atLeastOne`. */
function countFitting(records: readonly StoredRecord[], bytes: number, atLeastOne: boolean): number {
  let left = bytes;
  const tooLarge = records.findIndex(({ payload }, index) => {
    left -= payload.length;
    return left < 0 && !(atLeastOne && index === 0);
  });
  return tooLarge === -1 ? records.length : tooLarge;
}

function sizeOf(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { payload }) => sum + payload.length, 0);
}
