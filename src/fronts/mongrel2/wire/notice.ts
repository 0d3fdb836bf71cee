import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import type { HeaderBlock } from "./headers.js";

/** A message of Mongrel2 about a connection, without its sender and id. */
export type Notice = { readonly kind: "disconnect" } | { readonly kind: "credits"; readonly credits: number };

/**
 * The limit for the body of a notice. Mongrel2 writes 18 or 21 bytes, and the parser refuses a body above the limit.
 */
const maxBodyBytes = 256;
/**
 * The size of the longest notice that `recogniseNotice` knows, without sender, id and path. The notice has credits of
 * nine digits: 3 + 48 + 1 bytes of headers, and 22 bytes of body.
 */
const maxKnownBytes = 74;

const disconnect: Notice = Object.freeze({ kind: "disconnect" });
const jsonDisconnect = '17:{"METHOD":"JSON"},21:{"type":"disconnect"},';
const tnetstringDisconnect = '16:6:METHOD,4:JSON,}21:{"type":"disconnect"},';
const jsonCredits = /^(\d\d):\{"METHOD":"JSON","DOWNLOAD_CREDITS":"(\d{1,9})"\},18:\{"type":"credits"\},$/;
const tnetstringCredits =
  /^(\d\d):16:DOWNLOAD_CREDITS,(\d):(\d{1,9}),6:METHOD,4:JSON,\}18:\{"type":"credits"\},$/;
/** The number of bytes around the digits of the credits in a HEADERS block, in either protocol. */
const creditsOverhead = 39;

/**
 * Recognises a notice by the exact bytes that Mongrel2 1.12 and 1.13 write after ` @* `. The comparison has to be fast,
 * because Mongrel2 sends a credits notice for each connection and delivery, up to 100,000/s. Returns undefined for any
 * other text, which may still be a valid notice.
 */
export function recogniseNotice(frame: Buffer, offset: number): Notice | undefined {
  if (frame.length - offset > maxKnownBytes) return undefined;
  const text = frame.toString("latin1", offset, frame.length);
  if (text === jsonDisconnect || text === tnetstringDisconnect) return disconnect;
  const json = jsonCredits.exec(text);
  if (json) return creditsOf(json[1], json[2]);
  const tnetstring = tnetstringCredits.exec(text);
  if (tnetstring && Number(tnetstring[2]) === tnetstring[3]?.length)
    return creditsOf(tnetstring[1], tnetstring[3]);
  return undefined;
}

const knownHeaders = new Set(["METHOD", "DOWNLOAD_CREDITS"]);

/**
 * Parses a notice that `recogniseNotice` does not know. Throws `bad-mongrel2-request` for an invalid notice:
 * - The METHOD is not JSON.
 * - The body is too long, is not JSON, or has an unknown type.
 * - The notice has a header other than METHOD and DOWNLOAD_CREDITS.
 */
export function parseNotice({ pseudo, headers }: HeaderBlock, body: Buffer): Notice {
  const downloadCredits = pseudo.get("DOWNLOAD_CREDITS");
  const method = pseudo.get("METHOD");
  if (method !== "JSON")
    throw refusal(`the METHOD of a notice (path @*) must be JSON, not ${quoteValue(method)}`);
  const other = [...pseudo.keys(), ...headers.keys()].find((name) => !knownHeaders.has(name));
  if (other !== undefined)
    throw refusal(
      `the headers of a notice (path @*) must be METHOD and DOWNLOAD_CREDITS, not ${quoteValue(other)}`,
    );
  const type = parseType(body);
  if (type === "disconnect") return disconnect;
  if (type === "credits") return { kind: "credits", credits: parseCredits(downloadCredits) };
  throw refusal(`the type of a notice must be disconnect or credits, not ${quoteValue(type)}`);
}

/** Parses a DOWNLOAD_CREDITS value: 0 to 2^53 bytes. Throws `bad-mongrel2-request`. */
export function parseCredits(text: string | undefined): number {
  const credits = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(credits))
    throw refusal(`DOWNLOAD_CREDITS must be a whole number from 0 to 2^53, not ${quoteValue(text)}`);
  return credits;
}

function creditsOf(size: string | undefined, digits: string | undefined): Notice | undefined {
  if (digits === undefined || Number(size) !== creditsOverhead + digits.length) return undefined;
  return { kind: "credits", credits: Number(digits) };
}

function parseType(body: Buffer): unknown {
  if (body.length > maxBodyBytes)
    throw refusal(`a notice may have at most ${maxBodyBytes} bytes, not ${body.length}`);
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    return typeof parsed === "object" && parsed !== null && "type" in parsed ? parsed.type : undefined;
  } catch (cause) {
    throw new PharosError("bad-mongrel2-request", "the body of a notice must be JSON", { cause });
  }
}

function refusal(message: string): PharosError {
  return new PharosError("bad-mongrel2-request", message);
}
