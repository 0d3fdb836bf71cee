import { isUtf8 } from "node:buffer";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { GatewayRequest } from "./messages.js";
import { mediaTypeOf } from "./media-type.js";
import type { NameValuePairs } from "./query.js";

const formType = "application/x-www-form-urlencoded";

/**
 * Parses a form, or a query by the rules of forms [WHATWG URL 5.1]:
 * - `+` is a space
 * - a name without `=` has an empty value
 * - only `&` separates pairs
 * - a malformed percent escape stays as text
 *
 * @throws PharosError `bad-request` for invalid UTF-8, which the algorithm of the specification would replace
 */
export function parseForm(text: string): NameValuePairs {
  if (!isUtf8(decodedBytes(text))) throw new PharosError("bad-request", "the form holds invalid UTF-8");
  return [...new URLSearchParams(text.startsWith("?") ? `&${text}` : text)];
}

/**
 * Reads the body of a request as a form.
 *
 * @param check called with the bytes before parsing; throws an error to reject the body
 * @throws PharosError `unsupported-media-type` for another `Content-Type`; the errors of {@link GatewayRequest.body}
 *   and {@link parseForm}
 */
export async function readForm(
  request: GatewayRequest,
  check?: (body: Buffer) => void,
): Promise<NameValuePairs> {
  const contentType = request.header("content-type");
  if (mediaTypeOf(contentType) !== formType) {
    throw new PharosError(
      "unsupported-media-type",
      `the Content-Type must be ${formType} (a form), not ${quoteValue(contentType)}`,
    );
  }
  const body = await request.body();
  check?.(body);
  if (!isUtf8(body)) throw new PharosError("bad-request", "the form holds invalid UTF-8");
  return parseForm(body.toString());
}

/** The bytes of the text after percent-decoding. */
function decodedBytes(text: string): Buffer {
  const parts = text.split(/((?:%[0-9A-Fa-f]{2})+)/);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 0 ? Buffer.from(part) : Buffer.from(part.replaceAll("%", ""), "hex"),
    ),
  );
}
