import type { StoredRecord } from "../log/log.js";
import type { DeliveredRecord } from "./engine/delivered-record.js";
import { Delivery, type DeliveryOptions } from "./engine/delivery.js";

/** The longest wait for the first record of a page, in milliseconds. A server may lag behind the leader. */
const firstRecordMs = 5000;

/**
 * Reads records from `from` on: at least one, else at most `maxBytes` together. Call this only if the stream has such a
 * record. The engine sends up to 2 MiB more, which this function drops.
 */
export async function readRecords(
  options: DeliveryOptions,
  maxBytes: number,
): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = [];
  let bytes = 0;
  let done: (error?: Error) => void = () => undefined;
  const read = new Promise<void>((resolve, reject) => {
    done = (error) => (error === undefined ? resolve() : reject(error));
  });
  const timer = options.clock.after(firstRecordMs, () => done(new Error("NATS sends no record")));
  const record = (next: StoredRecord, { pending }: DeliveredRecord): void => {
    timer.cancel();
    bytes += next.payload.length;
    const fits = records.length === 0 || bytes <= maxBytes;
    if (fits) records.push(next);
    if (!fits || bytes >= maxBytes || pending === 0) done();
  };
  const ended = (reason: string): void => done(new Error(reason));
  const starting = Delivery.start(options, { record, window: (proceed) => proceed(), ended });
  try {
    await Promise.all([starting, read]);
  } finally {
    timer.cancel();
    void starting.then(
      (delivery) => delivery.close(),
      () => undefined,
    );
  }
  return records;
}
