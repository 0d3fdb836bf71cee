import { isRecord, type JsonRecord } from "../../auth/json.js";
import { parseJson } from "../../base/json/parse-json.js";
import { messageOf, PharosError } from "../../base/errors.js";
import { kindOfValue, quoteValue } from "../../base/quote-value.js";
import { decodeUtf8, withoutByteOrderMark } from "../../base/utf8.js";
import type { GatewayRequest } from "../http/messages.js";
import { declaredTokenLimits } from "../../limits/tokens.js";
import { mediaTypeOf } from "../http/media-type.js";

/** The longest text, in characters: no token is longer, whatever `limits.token.bytes` says. */
const longestText = declaredTokenLimits.bytes.to;

/** The media type of the bodies [RFC 8259]. */
const jsonType = "application/json";

/**
 * Reads the fields of a request that manages clients: a JSON object with at least one of these fields, and no other.
 *
 * @throws PharosError `unsupported-media-type`, `bad-request`, or the errors of {@link GatewayRequest.body}
 */
export async function readControlFields<Name extends string>(
  request: GatewayRequest,
  names: readonly Name[],
): Promise<ControlFields<Name>> {
  const contentType = request.header("content-type");
  if (mediaTypeOf(contentType) !== jsonType)
    throw new PharosError(
      "unsupported-media-type",
      `the Content-Type at ${request.path} must be ${jsonType}, not ${quoteValue(contentType)}`,
    );
  const fields = parseFields(await request.body());
  const unknown = Object.keys(fields).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined)
    throw new PharosError(
      "bad-request",
      `the body has the field ${quoteValue(unknown)}; allowed are ${names.join(", ")}`,
    );
  return new ControlFields(fields);
}

function parseFields(body: Buffer): JsonRecord {
  const value = parseBody(body);
  if (isRecord(value)) return value;
  throw new PharosError("bad-request", `the body must be a JSON object, not ${kindOfValue(value)}`);
}

/** The errors of the parser are those of publications. */
function parseBody(body: Buffer): unknown {
  try {
    return parseJson(withoutByteOrderMark(decodeUtf8(body, "the body")));
  } catch (error) {
    throw new PharosError("bad-request", `the body must be a JSON object: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The fields of such a request. Each method throws PharosError `bad-request` for a value of another kind. */
export class ControlFields<Name extends string> {
  readonly #fields: JsonRecord;

  constructor(fields: JsonRecord) {
    this.#fields = fields;
  }

  /** A text that a token may have; undefined without the field. */
  text(name: Name): string | undefined {
    const value = this.#fields[name];
    const isAllowed = typeof value === "string" && value !== "" && value.length <= longestText;
    if (value === undefined || isAllowed) return value;
    throw wrong(name, `a text of 1 to ${longestText} characters`, value);
  }

  /** A number from 0, perhaps with a fraction; undefined without the field. */
  time(name: Name, { most, what }: { readonly most: number; readonly what: string }): number | undefined {
    const value = this.#fields[name];
    if (value === undefined || (typeof value === "number" && value >= 0 && value <= most)) return value;
    throw wrong(name, what, value);
  }
}

function wrong(name: string, allowed: string, value: unknown): PharosError {
  const given =
    typeof value === "string" || typeof value === "number" ? quoteValue(value) : kindOfValue(value);
  return new PharosError("bad-request", `${name} must be ${allowed}, not ${given}`);
}
