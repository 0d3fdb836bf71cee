import { PharosError } from "../../../base/errors.js";
import type { HeaderBlock } from "./headers.js";

/** What Mongrel2 tells a handler about a connection, without its sender and id. */
export type Notice = { readonly kind: "disconnect" } | { readonly kind: "credits"; readonly credits: number };

/** The body of a notice is 18 or 21 bytes; longer JSON on its path is not worth parsing. */
const maxBodyBytes = 256;
/** Longest notice that recogniseNotice knows, from its headers on: credits of nine digits, 3 + 48 + 1 and 22 bytes. */
const maxKnownBytes = 74;

const disconnect: Notice = Object.freeze({ kind: "disconnect" });
const jsonDisconnect = '17:{"METHOD":"JSON"},21:{"type":"disconnect"},';
const tnetstringDisconnect = '16:6:METHOD,4:JSON,}21:{"type":"disconnect"},';
const jsonCredits = /^(\d\d):\{"METHOD":"JSON","DOWNLOAD_CREDITS":"(\d{1,9})"\},18:\{"type":"credits"\},$/;
const tnetstringCredits =
  /^(\d\d):16:DOWNLOAD_CREDITS,(\d):(\d{1,9}),6:METHOD,4:JSON,\}18:\{"type":"credits"\},$/;
/** What surrounds the digits in a HEADERS block of either protocol; both happen to measure 39 bytes. */
const creditsOverhead = 39;

/**
 * Recognises a notice by the very bytes that Mongrel2 1.12 and 1.13 write after ` @* `, since one credits notice comes
 * per connection and delivery, up to 100,000/s. Undefined means "not in this spelling", not "malformed".
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

/**
 * Reads a notice in any other spelling. Throws `bad-mongrel2-request` where it is none: another METHOD than JSON, an
 * unknown type, or any header but Mongrel2's METHOD and DOWNLOAD_CREDITS.
 */
export function parseNotice({ pseudo, headers }: HeaderBlock, body: Buffer): Notice {
  const downloadCredits = pseudo.get("DOWNLOAD_CREDITS");
  const known = 1 + (downloadCredits === undefined ? 0 : 1);
  if (pseudo.get("METHOD") !== "JSON" || pseudo.size !== known || headers.size > 0) {
    throw refusal("a frame on path @* carries more than a notice does");
  }
  const type = parseType(body);
  if (type === "disconnect") return disconnect;
  if (type === "credits") return { kind: "credits", credits: parseCredits(downloadCredits) };
  throw refusal("a notice of unknown type");
}

/** Parses a DOWNLOAD_CREDITS value: bytes, 0 to 2^53. Throws `bad-mongrel2-request`. */
export function parseCredits(text: string | undefined): number {
  const credits = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(credits)) throw refusal("DOWNLOAD_CREDITS is not a number of bytes");
  return credits;
}

function creditsOf(size: string | undefined, digits: string | undefined): Notice | undefined {
  if (digits === undefined || Number(size) !== creditsOverhead + digits.length) return undefined;
  return { kind: "credits", credits: Number(digits) };
}

function parseType(body: Buffer): unknown {
  if (body.length > maxBodyBytes) throw refusal(`a notice is longer than ${maxBodyBytes} bytes`);
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    return typeof parsed === "object" && parsed !== null && "type" in parsed ? parsed.type : undefined;
  } catch (cause) {
    throw new PharosError("bad-mongrel2-request", "a notice is not JSON", { cause });
  }
}

function refusal(what: string): PharosError {
  return new PharosError("bad-mongrel2-request", what);
}
