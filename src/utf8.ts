import { PharosError } from "./errors.js";

// `ignoreBOM` keeps the mark as a character: whether one is allowed is for the format above to say.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8, or refuses it. Invalid bytes are never replaced by U+FFFD: two publications that differ
 * must not arrive as the same. A byte order mark is kept. `what` names the input in the message.
 *
 * @throws PharosError `bad-publication` when the bytes are not valid UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new PharosError("bad-publication", `${what} is not valid UTF-8`, { cause });
  }
}
