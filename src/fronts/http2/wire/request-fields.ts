import { errorCode, StreamFault } from "./protocol.js";

/** The head of a request, as its fields tell. */
export interface RequestFields {
  readonly method: string;
  readonly scheme: string;
  /** The path with the query. */
  readonly path: string;
  /** Names in lower case and values in turn, without pseudo-headers. `host` is from `:authority` if there is one. */
  readonly lines: readonly string[];
}

/** A field of a header block: its name and its value. */
export type HeaderField = readonly [name: string, value: string];

/** The characters of a field name [RFC 9110 5.6.2], without upper case [RFC 9113 8.2.1]. */
const fieldName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

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
    checkValue(name, value);
    if (!name.startsWith(":")) lines.push(checkedName(name, value), value);
    else if (lines.length > 0 || pseudo.has(name) || !pseudoFields.has(name))
      throw malformed(`the pseudo-header ${name} is unknown, repeated or late`);
    else pseudo.set(name, value);
  }
  const method = required(pseudo, ":method");
  const scheme = required(pseudo, ":scheme");
  const path = required(pseudo, ":path");
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS"))
    throw malformed("the path does not begin with /");
  return { method, scheme, path, lines: withHost(lines, pseudo.get(":authority")) };
}

/**
 * True for a field that a response of HTTP/2 may have. The gateway writes for all fronts.
 *
 * @param name in lower case
 */
export function isResponseField(name: string): boolean {
  return !connectionFields.has(name);
}

function checkedName(name: string, value: string): string {
  if (!fieldName.test(name)) throw malformed("a field name has a character that is not allowed");
  if (connectionFields.has(name) || (name === "te" && value !== "trailers"))
    throw malformed(`the field ${name} is not allowed`);
  return name;
}

function checkValue(name: string, value: string): void {
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
