import { errorCode, StreamFault } from "./protocol.js";

/** The head of a request, as its fields tell. */
export interface RequestFields {
  readonly method: string;
  /** The path with the query. */
  readonly path: string;
  /** Names in lower case and values in turn, without pseudo-headers. `host` is from `:authority` if there is one. */
  readonly lines: readonly string[];
}

/** A field of a header block: its name and its value. */
export type HeaderField = readonly [name: string, value: string];

/** The characters of a field name [RFC 9110 5.6.2], without upper case [RFC 9113 8.2.1]. */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** A method [RFC 9110 9.1]. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A path with a query: HTTP/1 allows neither spaces nor control characters in it. */
const target = /^\/[^\0-\x20\x7F]*$/;

/** Fields that speak of one connection of HTTP/1 [RFC 9113 8.2.2]. */
const connectionFields = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const pseudoFields = new Set([":method", ":scheme", ":authority", ":path"]);

/**
 * Checks the fields of a request [RFC 9113 8.2, 8.3].
 *
 * @throws StreamFault for a malformed request
 */
export function readRequestFields(fields: readonly HeaderField[]): RequestFields {
  const pseudo = new Map<string, string>();
  const lines: string[] = [];
  for (const [name, value] of fields) {
    if (!name.startsWith(":")) {
      checkField(name, value);
      lines.push(name, value);
    } else if (lines.length > 0 || pseudo.has(name) || !pseudoFields.has(name))
      throw malformed(`the pseudo-header ${name} is unknown, repeated or late`);
    else pseudo.set(name, value);
  }
  const method = required(pseudo, ":method");
  required(pseudo, ":scheme");
  const path = required(pseudo, ":path");
  if (!token.test(method)) throw malformed("the method has a character that is not allowed");
  if (!target.test(path) && !(path === "*" && method === "OPTIONS"))
    throw malformed("the path does not begin with / or has a character that is not allowed");
  return { method, path, lines: withHost(lines, pseudo.get(":authority")) };
}

/**
 * Checks the fields behind a body, which the hub does not use [RFC 9113 8.1].
 *
 * @throws StreamFault for malformed fields
 */
export function checkTrailers(fields: readonly HeaderField[]): void {
  for (const [name, value] of fields) checkField(name, value);
}

/**
 * True for a field that a response of HTTP/2 may have. The gateway writes for all fronts.
 *
 * @param name in lower case
 */
export function isResponseField(name: string): boolean {
  return !connectionFields.has(name);
}

function checkField(name: string, value: string): void {
  if (!fieldName.test(name)) throw malformed("a field name has a character that is not allowed");
  if (connectionFields.has(name) || (name === "te" && value !== "trailers"))
    throw malformed(`the field ${name} is not allowed`);
  // oxlint-disable-next-line no-control-regex -- these are the characters that may not occur
  if (/[\0\r\n]|^[ \t]|[ \t]$/.test(value)) throw malformed(`the value of ${name} is not allowed`);
}

function required(pseudo: ReadonlyMap<string, string>, name: string): string {
  const value = pseudo.get(name) ?? "";
  if (value === "") throw malformed(`${name} is missing`);
  return value;
}

/** `:authority` takes the place of `host`; both together have to be equal [RFC 9113 8.3.1]. */
function withHost(lines: readonly string[], authority: string | undefined): readonly string[] {
  if (authority === undefined || authority === "") return lines;
  checkField("host", authority);
  for (let at = 0; at < lines.length; at += 2) {
    if (lines[at] !== "host") continue;
    if (lines[at + 1] !== authority) throw malformed("host and :authority differ");
    return lines;
  }
  return ["host", authority, ...lines];
}

function malformed(message: string): StreamFault {
  return new StreamFault(errorCode.protocolError, message);
}
