import { mercurePath } from "../../src/protocol.js";
import type { ClientStream } from "./client.js";
import { ask, openStream } from "./client.js";
import type { ResponseText } from "./http-text.js";
import { requestBytes } from "./http-text.js";
import type { Site } from "./site.js";

export type Headers = Readonly<Record<string, string>>;
export type Fields = readonly (readonly [string, string])[];

export const formType = "application/x-www-form-urlencoded";

export const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

export interface Post {
  /** The path with its query. @default the hub's path */
  readonly path?: string;
  /** The content type of the body. @default the content type of a form */
  readonly type?: string;
  readonly body: string;
  readonly headers: Headers;
}

/** POSTs a body. By default the body is a form. */
export function post(
  site: Site,
  { path = mercurePath, type = formType, body, headers }: Post,
): Promise<ResponseText> {
  const length = { "Content-Length": String(Buffer.byteLength(body)) };
  const all = { "Content-Type": type, ...headers, ...length };
  return ask(site, requestBytes({ method: "POST", path, headers: all, body }));
}

export const form = (fields: Fields): string =>
  new URLSearchParams(fields.map(([...pair]) => pair)).toString();

/** Opens a stream of the Mercure protocol. */
export function subscribe(site: Site, query: string, headers: Headers = {}): Promise<ClientStream> {
  return openStream(site, { path: mercurePath, query, headers });
}
