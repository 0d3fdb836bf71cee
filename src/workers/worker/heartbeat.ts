import { codings } from "../../gateway/formats/codings.js";
import { heartbeatFormats } from "../../protocols/formats.js";
import type { CohortEncoding } from "../ipc/messages.js";

/** Encodes a heartbeat as the hub encodes the batches of the cohort. */
export function heartbeat(encoding: CohortEncoding, id: string, members: number): Buffer {
  const format = heartbeatFormats.get(encoding.format);
  if (format === undefined) throw new Error(`no format is named ${encoding.format}`);
  const body = format.heartbeat(id);
  // An empty heartbeat stays empty: the compression of an empty input is not empty.
  if (encoding.coding === undefined || body.length === 0) return body;
  const coding = codings.get(encoding.coding);
  if (coding === undefined) throw new Error(`the worker has no coding with the name ${encoding.coding}`);
  return coding.encode(body, members);
}
