import { codings } from "../../gateway/formats/codings.js";
import type { QuietFormat } from "../../gateway/protocol.js";
import { quietFormats } from "../../protocols/formats.js";
import type { CohortEncoding } from "../ipc/messages.js";

/** Writes the bytes of a cohort that are not from a publication, as the hub encodes the batches of the cohort. */
export interface QuietBytes {
  /** Empty if the format needs no heartbeat. */
  heartbeat(encoding: CohortEncoding, id: string, members: number): Buffer;
  /** Empty if the format has no time of reconnection. */
  retry(encoding: CohortEncoding, ms: number): Buffer;
  /** Encodes a message that is in the format of the cohort. */
  coded(encoding: CohortEncoding, message: Buffer): Buffer;
}

export const quietBytes: QuietBytes = Object.freeze({
  heartbeat: (encoding: CohortEncoding, id: string, members: number) =>
    coded(encoding, formatOf(encoding).heartbeat(id), members),
  retry: (encoding: CohortEncoding, ms: number) =>
    coded(encoding, formatOf(encoding).retry?.(ms) ?? nothing, 1),
  coded: (encoding: CohortEncoding, message: Buffer) => coded(encoding, message, 1),
});

const nothing = Buffer.alloc(0);

function formatOf({ format: name }: CohortEncoding): QuietFormat {
  const format = quietFormats.get(name);
  if (format === undefined) throw new Error(`no format is named ${name}`);
  return format;
}

/** Empty bytes stay empty: the compression of an empty input is not empty. */
function coded({ coding: name }: CohortEncoding, body: Buffer, members: number): Buffer {
  if (name === undefined || body.length === 0) return body;
  const coding = codings.get(name);
  if (coding === undefined) throw new Error(`the worker has no coding with the name ${name}`);
  return coding.encode(body, members);
}
