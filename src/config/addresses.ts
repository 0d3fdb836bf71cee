import { z } from "zod";

import { mercurePath } from "../protocol.js";
import type { HttpAddress, Mongrel2Specs } from "./config.js";

const httpAllowed =
  "off, PORT or HOST:PORT with a port from 0 to 65535, for instance 127.0.0.1:8080, [::1]:8080 or 0 for a free port";
const httpPattern = /^(?:off|(?:([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):)?(\d{1,5}))$/;

/** Where the built-in front listens: `[HOST:]PORT`, or `off`. The host is 127.0.0.1 when none is named. */
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
  "a ZeroMQ endpoint, tcp://HOST:PORT or ipc://PATH, with @ before it to bind or > to connect, for instance @tcp://127.0.0.1:9997";

/** A ZeroMQ endpoint as in CZMQ: `@` binds, `>` connects; a bare one binds. Stays text. */
export const ingestEndpoint = z
  .string({ error: ingestAllowed })
  .regex(/^[@>]?(?:tcp:\/\/[^\s,]+:(?:\d{1,5}|\*)|ipc:\/\/[^\s,]+)$/, ingestAllowed);

// A tcp port takes bytes from whoever reaches it, a web page's fetch included; stopping the hub must not be one of them.
const controlAllowed =
  "an ipc endpoint, for instance ipc:///run/pharos/control; no other transport may stop the hub";

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

const originAllowed =
  "an exact origin, scheme://host[:port] in lower case, for instance https://example.org; never *";

/** An origin exactly as browsers send it, so that comparing texts is enough. */
export const corsOrigin = z.string({ error: originAllowed }).refine(isOrigin, originAllowed);

/** A URL's host may hold `*`, as which no browser has any. */
function isOrigin(text: string): boolean {
  return /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

const publishOriginAllowed = `${originAllowed.replace("; never *", "")}, with one * for part of its host or for its port, or * for every origin`;

/** An origin whose pages may publish with a cookie; `*` leaves the guarding to the cookie's own SameSite. */
export const publishOrigin = z
  .string({ error: publishOriginAllowed })
  .refine((text) => text === "*" || isOrigin(text) || isOriginPattern(text), publishOriginAllowed);

/** What is an origin with something in the place of its one `*`: a part of a host, or a port. */
function isOriginPattern(text: string): boolean {
  const [before = "", after, ...others] = text.split("*");
  if (after === undefined || others.length > 0) return false;
  return ["a", "1"].some((part) => isOrigin(`${before}${part}${after}`));
}

const publicUrlAllowed = `an http or https URL without query, either an origin or one that ends in ${mercurePath}, for instance https://example.org`;

/** The hub's own URL as its clients know it; an origin stands for the hub's usual path there. */
export const publicUrl = z
  .string({ error: publicUrlAllowed })
  .refine(isPublicUrl, publicUrlAllowed)
  .transform((text) => new URL(mercurePath, text).href);

function isPublicUrl(text: string): boolean {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { origin, href, pathname } = new URL(text);
  return href === `${origin}${pathname}` && (pathname === "/" || pathname === mercurePath);
}

const pushStreamAllowed =
  "off, / or a path without a slash at its end, of letters, digits and . _ ~ -, for instance /push";

/** What the paths of the push stream module's URL scheme begin with; `/` alone is nothing more than what they have. */
export const pushStreamPaths = z
  .string({ error: pushStreamAllowed })
  .regex(/^(?:off|\/|(?:\/[A-Za-z0-9._~-]+)+)$/, pushStreamAllowed)
  .transform((text): { readonly prefix: string } | "off" =>
    text === "off" ? "off" : { prefix: text === "/" ? "" : text },
  );

const switchAllowed = "on or off";

/** A setting that is on or off. */
export const onOrOff = z.enum(["on", "off"], { error: switchAllowed }).transform((text) => text === "on");
