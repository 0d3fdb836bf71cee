import { isUtf8 } from "node:buffer";
import { PharosError } from "../../base/errors.js";
import type { GatewayRequest } from "./messages.js";
import { mediaTypeOf } from "./media-type.js";
import type { NameValuePairs } from "./query.js";

const formType = "application/x-www-form-urlencoded";

/**
 * Reads a form, or a query that is read as one [WHATWG URL 5.1]: `+` is a space, a name without `=` has an empty value,
 * only `&` separates, a malformed percent escape stands for itself.
 *
 * @throws PharosError `bad-request` for bytes that are not UTF-8, which the algorithm would repair
 */
export function parseForm(text: string): NameValuePairs {
  if (!isUtf8(decodedBytes(text))) throw new PharosError("bad-request", "the form holds invalid UTF-8");
  return [...new URLSearchParams(text.startsWith("?") ? `&${text}` : text)];
}

/**
 * Reads the body of a request as a form, unless it is said to be something else.
 *
 * @param check throws for a body that is not worth reading
 * @throws PharosError `unsupported-media-type`; else as {@link GatewayRequest.body} and {@link parseForm}
 */
export async function readForm(
  request: GatewayRequest,
  check?: (body: Buffer) => void,
): Promise<NameValuePairs> {
  if (mediaTypeOf(request.header("content-type")) !== formType) {
    throw new PharosError("unsupported-media-type", `the body must be a form: Content-Type: ${formType}`);
  }
  const body = await request.body();
  check?.(body);
  if (!isUtf8(body)) throw new PharosError("bad-request", "the form holds invalid UTF-8");
  return parseForm(body.toString());
}

/** The bytes that the text stands for, as far as it matters here: with its percent escapes decoded. */
function decodedBytes(text: string): Buffer {
  const parts = text.split(/((?:%[0-9A-Fa-f]{2})+)/);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 0 ? Buffer.from(part) : Buffer.from(part.replaceAll("%", ""), "hex"),
    ),
  );
}
