/** What the stream says of a complete snapshot. It is written after all its chunks. */
export interface Manifest {
  /** The subject of each chunk ends with this name and the chunk's number. */
  readonly name: string;
  readonly chunks: number;
  /** The hash of all chunks. */
  readonly hash: string;
  /** The hash of the record after which a replay begins; absent if the log did not have the record. */
  readonly record?: string;
}

/** A name is a part of subjects. */
const nameForm = /^[A-Za-z0-9-]{1,64}$/;

/** Undefined for a text that no hub has written: other programs may write to the stream, too. */
export function parseManifest(text: string): Manifest | undefined {
  const { name, chunks, hash, record }: Readonly<Record<string, unknown>> = Object(parseJson(text));
  if (typeof name !== "string" || !nameForm.test(name) || typeof hash !== "string") return undefined;
  if (typeof chunks !== "number" || !Number.isSafeInteger(chunks) || chunks < 0) return undefined;
  if (record !== undefined && typeof record !== "string") return undefined;
  return { name, chunks, hash, ...(record === undefined ? {} : { record }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
