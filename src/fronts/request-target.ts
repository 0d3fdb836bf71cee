import { isUtf8 } from "node:buffer";

/** The target of a request. It may be a whole URL, as in a request to a proxy [RFC 9112 3.2.2]. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const url = target.replace(/^https?:\/\/[^/?]*/i, "");
  const question = url.indexOf("?");
  if (question < 0) return { path: url, query: "" };
  return { path: url.slice(0, question), query: url.slice(question + 1) };
}

/** The value of a header that was decoded as Latin-1; browsers send UTF-8 [Fetch, header values are bytes]. */
export function asUtf8(value: string): string {
  if (!/[^\0-\x7F]/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : value;
}
