import { z } from "zod";

import { mercurePath } from "../../protocol.js";
import { parseUrl } from "../../base/url/parse-url.js";

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** The endpoints of one Mongrel2 server, with the names of `mongrel2.conf`. The hub connects to each endpoint. */
export interface Mongrel2Specs {
  readonly send: string;
  readonly recv: string;
  /** The control port. Without a control port, the hub cannot find streams that were open before a restart. */
  readonly control?: string;
}

const httpAllowed =
  "off, PORT or HOST:PORT with a port from 0 to 65535, for instance 127.0.0.1:8080, [::1]:8080 or 0 for a free port";
const httpPattern = /^(?:off|(?:([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):)?(\d{1,5}))$/;

/** An address to listen on: `[HOST:]PORT`, or `off`. The default host is 127.0.0.1. */
export const httpAddress = z
  .string({ error: httpAllowed })
  .regex(httpPattern, httpAllowed)
  .refine((text) => text === "off" || Number(httpPattern.exec(text)?.[2]) <= 65_535, httpAllowed)
  .transform((text): HttpAddress | "off" => {
    if (text === "off") return "off";
    const [, host = "127.0.0.1", port] = httpPattern.exec(text) ?? [];
    return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
  });

const ingestAllowed =
  "a ZeroMQ endpoint, tcp://HOST:PORT or ipc://PATH, where a leading @ binds and a leading > connects, for instance @tcp://127.0.0.1:9997";

/** A ZeroMQ endpoint in the notation of CZMQ: `@` binds, `>` connects, no prefix binds. The value remains text. */
export const ingestEndpoint = z
  .string({ error: ingestAllowed })
  .regex(/^[@>]?(?:tcp:\/\/[^\s,]+:(?:\d{1,5}|\*)|ipc:\/\/[^\s,]+)$/, ingestAllowed);

// Only ipc: other programs and even web pages can send bytes to a tcp port. Such bytes must not stop the hub.
const controlAllowed =
  "an ipc endpoint, for instance ipc:///run/pharos/control; other transports are not safe";

export const controlEndpoint = z
  .string({ error: controlAllowed })
  .regex(/^[@>]?ipc:\/\/[^\s,]+$/, controlAllowed);

const mongrel2Allowed =
  "SEND_SPEC,RECV_SPEC[,CONTROL_SPEC], each tcp://HOST:PORT or ipc://PATH as in mongrel2.conf, for instance ipc://run/requests,ipc://run/responses,ipc://run/control";
const spec = String.raw`(?:tcp:\/\/[^\s,]+:\d{1,5}|ipc:\/\/[^\s,]+)`;

/** The endpoints of one Mongrel2 server: `SEND_SPEC,RECV_SPEC[,CONTROL_SPEC]`. */
export const mongrel2Specs = z
  .string({ error: mongrel2Allowed })
  .regex(new RegExp(`^${spec},${spec}(?:,${spec})?$`), mongrel2Allowed)
  .transform((text): Mongrel2Specs => {
    const [send = "", recv = "", control] = text.split(",");
    return { send, recv, ...(control === undefined ? {} : { control }) };
  });

const publicUrlAllowed = `an http or https URL without a query: an origin, or an origin with the path ${mercurePath}, for instance https://example.org`;

/** The hub's URL for its clients. An origin without a path gets the hub's default path. */
export const publicUrl = z
  .string({ error: publicUrlAllowed })
  .refine(isPublicUrl, publicUrlAllowed)
  .transform((text) => new URL(mercurePath, text).href);

function isPublicUrl(text: string): boolean {
  const url = /^https?:\/\//.test(text) ? parseUrl(text) : undefined;
  if (url === undefined) return false;
  const { origin, href, pathname } = url;
  return href === `${origin}${pathname}` && (pathname === "/" || pathname === mercurePath);
}

const pushStreamAllowed =
  "off, / or a path of letters, digits and . _ ~ - without a slash at its end, for instance /push";

/** The prefix of all paths of the push stream module; `/` means no prefix. */
export const pushStreamPaths = z
  .string({ error: pushStreamAllowed })
  .regex(/^(?:off|\/|(?:\/[A-Za-z0-9._~-]+)+)$/, pushStreamAllowed)
  .transform((text): { readonly prefix: string } | "off" =>
    text === "off" ? "off" : { prefix: text === "/" ? "" : text },
  );

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, { error: `one of ${words.join(", ")}` });
}

/** A setting that is on or off. In the file, `true` and `false` mean the same. */
export const onOrOff = z
  .union([z.enum(["on", "off"]), z.boolean()], { error: "on or off" })
  .transform((given) => given === true || given === "on");
