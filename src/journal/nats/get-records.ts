import type { Sequence, StoredRecord } from "../log/log.js";
import type { Engine } from "./engine/engine.js";

/** The records that are requested at the same time. Each has at most the size of a message: 8 MB by our documentation. */
const atOnce = 8;

/** Some records of a stream, by their numbers. */
export interface RecordRange {
  readonly stream: string;
  readonly from: Sequence;
  readonly upTo: Sequence;
}

/** The first records of a range, and the number of the last one that was asked for. */
export interface RecordsGot {
  readonly records: readonly StoredRecord[];
  readonly upTo: Sequence;
}

/**
 * Requests the first few records of a range from the leader of the stream, each by its number. Needs no consumer: the
 * leader of the whole cluster, which creates consumers, may have gone. The result leaves out records that the leader
 * does not have.
 */
export async function getRecords({ manager }: Engine, range: RecordRange): Promise<RecordsGot> {
  const { stream, from } = range;
  const upTo = Math.min(range.upTo, from + atOnce - 1);
  const sequences = Array.from({ length: upTo - from + 1 }, (_, index) => from + index);
  const messages = await Promise.all(sequences.map((seq) => manager.streams.getMessage(stream, { seq })));
  const records = messages.flatMap((message) =>
    message === null ? [] : [{ sequence: message.seq, payload: Buffer.from(message.data) }],
  );
  return { records, upTo };
}
