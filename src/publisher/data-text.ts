import { PharosError } from "../base/errors.js";
import { kindOfValue } from "../base/quote-value.js";
import { decodeUtf8 } from "../base/utf8.js";

/** The data of a publication: a text and bytes as they are, other values as JSON. */
export type PublisherData = string | number | boolean | null | object;

/**
 * The text that the hub publishes for this data. Bytes must be UTF-8. Other values become the JSON that
 * `JSON.stringify` writes, as the hub does for the field `data` of `POST /publish`.
 *
 * @throws PharosError `bad-publication` for bytes that are no UTF-8, and for a value without JSON
 */
export function dataText(data: PublisherData | undefined): string | undefined {
  if (data === undefined || typeof data === "string") return data;
  if (data instanceof Uint8Array) return decodeUtf8(data, "data");
  const text = jsonOf(data);
  if (text !== undefined) return text;
  throw new PharosError(
    "bad-publication",
    `data of a publication must be a text, bytes, or a value that JSON can express, not ${kindOfValue(data)}`,
  );
}

/** Undefined for a function, a symbol, a big integer, and a value that contains itself. */
function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}
