import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { messageOf, PharosError } from "../../base/errors.js";
import { isLoopback } from "../../base/loopback.js";
import { decodeUtf8, withoutByteOrderMark } from "../../base/utf8.js";
import { freshMsOf, longestFreshMs } from "./freshness.js";
import { parseUrl } from "../../base/url/parse-url.js";

/**
 * The time-out for a request to an issuer, in milliseconds. A client may wait this long if the hub needs the issuer's
 * keys to verify the client's token.
 */
const answerWithinMs = 5000;

/**
 * The most bytes of a key set. One key has a few hundred bytes of JSON, or a few thousand with its certificate chain.
 */
const maxBytes = 256 * 1024;

/** The location of a JWK set (a list of public keys in JSON). */
export type KeySetPlace =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "url"; readonly url: URL };

/**
 * Decides whether the text is a file or a URL.
 *
 * @throws PharosError `bad-config` for an http URL of another machine: an attacker on the network could replace the
 *   keys. Also for a URL with a user name or a password, which would appear in the log
 */
export function parseKeySetPlace(text: string): KeySetPlace {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { kind: "file", file: text };
  const url = parseUrl(text);
  if (url !== undefined && `${url.username}${url.password}` !== "")
    throw new PharosError(
      "bad-config",
      `JWK set of ${url.host}: ${placesAllowed}, without a user name or password`,
    );
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname)))
    return { kind: "url", url };
  throw new PharosError("bad-config", `JWK set ${JSON.stringify(text)}: ${placesAllowed}`);
}

const placesAllowed = "allowed is a file, an https URL, or an http URL of this machine";

/** The place for the log: a file, or a URL without its query, which may contain a secret. */
export function placeText(place: KeySetPlace): string {
  return place.kind === "file" ? place.file : `${place.url.origin}${place.url.pathname}`;
}

/** The text of a JWK set, and the time for which it counts as current, in milliseconds. */
export interface KeySetText {
  readonly text: string;
  readonly freshMs: number;
}

/** Loads the text of a JWK set. If this fails, the promise rejects with the cause. */
export async function loadKeySet(place: KeySetPlace): Promise<KeySetText> {
  if (place.kind === "url") return fetchText(place.url);
  return { text: withoutByteOrderMark(await readFile(place.file, "utf8")), freshMs: longestFreshMs };
}

/**
 * Reads a key file, which must exist when the hub starts.
 *
 * @throws PharosError `bad-config` when the file cannot be read
 */
export function readKeySetFile(file: string): string {
  try {
    return withoutByteOrderMark(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new PharosError("bad-config", `cannot read the key file ${file}: ${messageOf(cause)}`, { cause });
  }
}

async function fetchText(url: URL): Promise<KeySetText> {
  const response = await fetch(url, {
    // A cache on the way must ask the issuer, so that the hub gets the keys that are valid now.
    headers: { accept: "application/jwk-set+json, application/json", "cache-control": "no-cache" },
    // A redirect could lead from https to http, or to a host that is not configured.
    redirect: "error",
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch(unreachable);
  if (!response.ok)
    throw new PharosError(
      "unreachable",
      `the answer has the status ${response.status}; allowed are 200 to 299`,
    );
  const text = withoutByteOrderMark(decodeUtf8(await bodyOf(response), "the answer"));
  return { text, freshMs: freshMsOf(response.headers) };
}

/**
 * Throws an error with the cause in its message. The message of a `fetch` error says only that the request failed;
 * its `cause` says why.
 */
function unreachable(error: unknown): never {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  throw new PharosError("unreachable", messageOf(inner), {
    cause: error,
  });
}

async function bodyOf(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new PharosError("too-large", `the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
