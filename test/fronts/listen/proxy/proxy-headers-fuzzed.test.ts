import { expect, it } from "vitest";
import { isIP } from "node:net";
import { parseIpAddress } from "../../../../src/gateway/http/client-address.js";
import {
  ProxyHeaderParser,
  longestLineBytes,
  mostBlockBytes,
} from "../../../../src/fronts/listen/proxy/proxy-header-parser.js";
import type { ProxyHeaderProgress } from "../../../../src/fronts/listen/proxy/proxy-header-parser.js";
import { commandBytes, encodeBlock, protocolBytes } from "../../../support/proxy-headers.js";
import { Random } from "../../../support/random.js";

const seed = 20_261_201;
const headers = 100_000;

/** A header with the client that it names. */
interface Sample {
  readonly bytes: Buffer;
  readonly client: string | undefined;
}

/** Random bytes, made once: most of the time would go into single ones. */
const pool = Buffer.from(
  Array.from(
    { length: 65_536 },
    (
      (random) => () =>
        random.below(256)
    )(new Random(seed)),
  ),
);

function randomBytes(random: Random, length: number): Buffer {
  const at = random.below(pool.length - length);
  return pool.subarray(at, at + length);
}

function randomAddress(random: Random, family: 4 | 6): string {
  if (family === 4) return randomBytes(random, 4).join(".");
  const bytes = randomBytes(random, 16);
  const isZero = random.below(2) === 0;
  const group = (at: number): string => (isZero && at < 5 ? 0 : bytes.readUInt16BE(2 * at)).toString(16);
  return Array.from({ length: 8 }, (_, at) => group(at)).join(":");
}

function randomLine(random: Random): Sample {
  if (random.below(8) === 0) return { bytes: Buffer.from("PROXY UNKNOWN\r\n"), client: undefined };
  const family = random.below(2) === 0 ? 4 : 6;
  const [source, destination] = [randomAddress(random, family), randomAddress(random, family)];
  const line = `PROXY TCP${family} ${source} ${destination} ${random.below(65_536)} ${random.below(65_536)}\r\n`;
  return { bytes: Buffer.from(line), client: parseIpAddress(source) };
}

function randomBlock(random: Random): Sample {
  const kinds = Object.entries(protocolBytes);
  const [name, protocol] = kinds[random.below(kinds.length)] ?? ["tcp4", protocolBytes.tcp4];
  const lengths: Readonly<Record<string, number>> = { "4": 12, "6": 36, m: 216, d: 0 };
  const addresses = randomBytes(random, lengths[name.at(-1) ?? ""] ?? 0);
  const isLocal = random.below(10) === 0;
  const bytes = encodeBlock({
    command: isLocal ? commandBytes.local : commandBytes.proxy,
    protocol,
    addresses,
    tlvs: Array.from({ length: random.below(4) }, () => [
      4 + random.below(200),
      randomBytes(random, random.below(40)),
    ]),
    hasChecksum: random.below(3) === 0,
  });
  return { bytes, client: isLocal ? undefined : sourceOf(name, addresses) };
}

/** The source address, read in another way than by the parser. */
function sourceOf(protocol: string, addresses: Buffer): string | undefined {
  if (protocol.endsWith("4")) return [...addresses.subarray(0, 4)].map(String).join(".");
  if (!protocol.endsWith("6")) return undefined;
  return parseIpAddress(addresses.toString("hex", 0, 16).replace(/(....)(?!$)/g, "$1:"));
}

/** Pushes the bytes in random pieces. */
function parseInPieces(random: Random, bytes: Buffer): ProxyHeaderProgress {
  const parser = new ProxyHeaderParser();
  const most = 1 + random.below(3) * random.below(60);
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + 1 + random.below(most));
    at += piece.length;
    const progress = parser.push(piece);
    if (progress.kind === "complete")
      return { ...progress, rest: Buffer.concat([progress.rest, bytes.subarray(at)]) };
    if (progress.kind === "malformed") return progress;
  }
  return { kind: "incomplete" };
}

/** Changes, removes or adds up to three bytes. */
function damaged(random: Random, bytes: Buffer): Buffer {
  let copy = Buffer.from(bytes);
  for (let fault = random.below(3); fault >= 0; fault -= 1) {
    const at = random.below(copy.length);
    const [before, after] = [copy.subarray(0, at), copy.subarray(at + random.below(2))];
    copy = Buffer.concat([before, randomBytes(random, random.below(3)), after]);
  }
  return copy;
}

it(`${headers} random headers are understood in any pieces, and damaged ones never mislead (seed ${seed})`, () => {
  const random = new Random(seed);
  const kinds = new Set<string>();
  const wrong: string[] = [];
  for (let count = 0; count < headers; count += 1) {
    const { bytes, client } = random.below(2) === 0 ? randomLine(random) : randomBlock(random);
    const rest = randomBytes(random, random.below(20));
    const progress = parseInPieces(random, Buffer.concat([bytes, rest]));
    if (progress.kind !== "complete" || progress.header.client !== client || !progress.rest.equals(rest))
      wrong.push(`${bytes.toString("hex")} is ${textOf(progress)}, not ${String(client)}`);
    const hurt = damaged(random, bytes);
    const [whole, pieces] = [new ProxyHeaderParser().push(hurt), parseInPieces(random, hurt)];
    if (textOf(whole) !== textOf(pieces))
      wrong.push(`${hurt.toString("hex")} is ${textOf(whole)} or ${textOf(pieces)}`);
    if (whole.kind === "complete" && !isHonest(hurt, whole))
      wrong.push(`${hurt.toString("hex")} is ${textOf(whole)}`);
    kinds.add(whole.kind);
  }
  expect(wrong).toEqual([]);
  expect([...kinds].toSorted()).toEqual(["complete", "incomplete", "malformed"]);
});

function textOf(progress: ProxyHeaderProgress): string {
  if (progress.kind === "complete")
    return `complete ${String(progress.header.client)} ${progress.rest.toString("hex")}`;
  return progress.kind === "malformed" ? `malformed ${progress.fault}` : progress.kind;
}

/** True if the header names an address or none, and is not longer than allowed. */
function isHonest(
  bytes: Buffer,
  { header, rest }: ProxyHeaderProgress & { readonly kind: "complete" },
): boolean {
  const limit = bytes[0] === 0x50 ? longestLineBytes : 16 + mostBlockBytes;
  return bytes.length - rest.length <= limit && (header.client === undefined || isIP(header.client) !== 0);
}
