import { PharosError } from "../../base/errors.js";

/** True if the text can be a token in a header [RFC 6750 2.1]. */
export function isTokenText(text: string): boolean {
  return /^[A-Za-z0-9\-._~+/]+=*$/.test(text);
}

/** The characters of a scheme's name [RFC 9110 5.6.2]. */
const nameCharacters = "!#$%&'*+\\-.^_`|~0-9A-Za-z";

/** The parts of a header between its commas. A comma in a quoted string separates nothing. */
const listParts = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/gs;

const isBearer = new RegExp(`^bearer(?![${nameCharacters}])`, "i");
const isOtherScheme = new RegExp(`^[${nameCharacters}]+ +\\S`);

/**
 * Finds the token of an `Authorization` header. Credentials of other schemes, such as `Basic` for a staging site, are
 * for other servers on the way, so the function ignores them. Repeated headers, and the second `setRequestHeader` of a
 * page, arrive as one list: then one of the credentials may be `Bearer`.
 *
 * @throws PharosError `bad-authorization` if `Bearer` has no token or a malformed token, or is there twice
 */
export function bearerToken(header = ""): string | undefined {
  const parts = (header.match(listParts) ?? []).map((part) => part.trim());
  const at = parts.findIndex((part) => isBearer.test(part));
  if (at < 0) return undefined;
  const [bearer = "", ...later] = parts.slice(at);
  // Without this check, the hub would use `a` of `Bearer a, b`, which is no list of credentials.
  if (!later.every((part) => isOtherScheme.test(part) && !isBearer.test(part))) throw malformed();
  return checkedToken(/^bearer +(.*)$/is.exec(bearer)?.[1] ?? "");
}

/** Returns the token. Throws PharosError `bad-authorization` if the text cannot be a token in a header. */
export function checkedToken(text: string): string {
  if (isTokenText(text)) return text;
  throw malformed();
}

function malformed(): PharosError {
  return new PharosError(
    "bad-authorization",
    "an Authorization header with Bearer must have one token: Authorization: Bearer TOKEN",
  );
}
