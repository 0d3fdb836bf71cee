import { isUtf8 } from "node:buffer";
import { PharosError } from "./errors.js";

/**
 * Decodes valid UTF-8. Invalid bytes are never replaced by U+FFFD, because two different publications must not arrive
 * as the same text. The result keeps a byte order mark. `what` names the input in the error message.
 *
 * @throws PharosError `bad-publication` when the bytes are not valid UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  // This check and `toString` take half the time of a fatal TextDecoder: 0.4 instead of 0.9 microseconds for 200 bytes.
  if (!isUtf8(bytes)) throw new PharosError("bad-publication", `${what} is not valid UTF-8`);
  return bufferOf(bytes).toString("utf8");
}

/** True if {@link decodeUtf8} accepts the bytes. */
export function isValidUtf8(bytes: Uint8Array): boolean {
  return isUtf8(bytes);
}

/** Removes the byte order mark that some editors put in front of a file. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
