import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { kindOfValue, quoteValue } from "../../base/quote-value.js";
import { encodeZ85, parseZ85 } from "./z85.js";

declare const keyBrand: unique symbol;

/**
 * A CURVE key [ZeroMQ RFC 26]: 40 characters of Z85. Only {@link createKeyPair} and the parsers in this file create a
 * key.
 */
export type CurveKey = string & { readonly [keyBrand]: true };

export interface CurveKeyPair {
  readonly publicKey: CurveKey;
  readonly secretKey: CurveKey;
}

/** The keys of a hub: its own pair, and the publishers that may connect. */
export interface CurveServer extends CurveKeyPair {
  /**
   * The public keys of the publishers that may connect. If undefined, every publisher that knows the hub's public key
   * may connect.
   */
  readonly clients: ReadonlySet<CurveKey> | undefined;
}

/** The keys of a publisher: its own pair, and the public key of its hub. */
export interface CurveClient extends CurveKeyPair {
  readonly serverKey: CurveKey;
}

/** The keys of a publisher as a program gives them: texts of 40 Z85 characters. */
export interface CurveClientKeys {
  readonly publicKey?: string | undefined;
  readonly secretKey: string;
  /** The hub's public key. */
  readonly serverKey: string;
}

/** Creates a new key pair. */
export function createKeyPair(): CurveKeyPair {
  // Any 32 bytes are a secret key [RFC 7748 5]. `generateKeyPairSync` of Node.js 20 can block the process for ever: if the
  // garbage collector runs during an export of its keys, it waits for a lock that the export holds.
  const secretKey = encodeZ85(randomBytes(keyBytes)) as CurveKey;
  return { publicKey: publicKeyOf(secretKey), secretKey };
}

/**
 * Parses a hub's keys: an object with `secretKey`, and optionally `publicKey` and `clients`, a list of the public keys
 * that may connect. `what` names the input in messages.
 *
 * @throws PharosError `bad-curve-key` for anything else; also for an empty list of clients, which could mean no
 *   publisher or every publisher
 */
export function parseCurveServer(input: unknown, what: string): CurveServer {
  const fields = parseFields(input, { what, allowed: ["secretKey", "publicKey", "clients"] });
  return { ...parsePair(fields, what), clients: parseClients(fields.get("clients"), what) };
}

/**
 * Parses a publisher's keys: an object with `secretKey`, `serverKey` and optionally `publicKey`. `what` names the input
 * in messages.
 *
 * @throws PharosError `bad-curve-key` for anything else
 */
export function parseCurveClient(input: unknown, what: string): CurveClient {
  const fields = parseFields(input, { what, allowed: ["secretKey", "publicKey", "serverKey"] });
  return { ...parsePair(fields, what), serverKey: parseKey(fields.get("serverKey"), `serverKey in ${what}`) };
}

/**
 * Parses one key. `what` names the key in messages. The messages never quote the key, because it may be a secret.
 *
 * @throws PharosError `bad-curve-key` for anything else
 */
export function parseKey(input: unknown, what: string): CurveKey {
  if (input === undefined) throw new PharosError("bad-curve-key", `${what} is missing; it must be ${form}`);
  if (typeof input !== "string" || parseZ85(input)?.length !== keyBytes)
    throw new PharosError("bad-curve-key", `${what} must be ${form}, not ${otherForm(input)}`);
  return input as CurveKey;
}

/** Describes a wrong key without quoting the key. */
function otherForm(input: unknown): string {
  if (typeof input !== "string") return kindOfValue(input);
  return input.length === keyCharacters ? "a text with other characters" : `${input.length} characters`;
}

const keyBytes = 32;
const keyCharacters = 40;
const form = `a key of ${keyCharacters} Z85 characters, as pharos keys creates it`;

/** The fixed bytes in front of the 32 bytes of a secret key in PKCS #8 [RFC 8410, 7]. */
const pkcs8Head = Buffer.from("302e020100300506032b656e04220420", "hex");

/**
 * Checks that the public key belongs to the secret key. With a wrong pair, the handshake would fail later, and ZeroMQ
 * reports no reason.
 */
function parsePair(fields: ReadonlyMap<string, unknown>, what: string): CurveKeyPair {
  const secretKey = parseKey(fields.get("secretKey"), `secretKey in ${what}`);
  const publicKey = publicKeyOf(secretKey);
  const given = fields.get("publicKey");
  if (given !== undefined && parseKey(given, `publicKey in ${what}`) !== publicKey)
    throw new PharosError("bad-curve-key", `publicKey in ${what} does not belong to its secretKey`);
  return { publicKey, secretKey };
}

function parseClients(input: unknown, what: string): ReadonlySet<CurveKey> | undefined {
  if (input === undefined) return undefined;
  if (!Array.isArray(input) || input.length === 0)
    throw new PharosError(
      "bad-curve-key",
      `clients in ${what} must be a list of at least one public key, not ${Array.isArray(input) ? "an empty list" : kindOfValue(input)}; to accept every publisher that knows the hub's public key, omit clients`,
    );
  return new Set(input.map((key, index) => parseKey(key, `clients[${index}] in ${what}`)));
}

function parseFields(
  input: unknown,
  { what, allowed }: { readonly what: string; readonly allowed: readonly string[] },
): ReadonlyMap<string, unknown> {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new PharosError(
      "bad-curve-key",
      `${what} must be a JSON object of ${allowed.join(", ")}, not ${kindOfValue(input)}`,
    );
  const fields = new Map<string, unknown>(Object.entries(input));
  const unknown = [...fields.keys()].find((name) => !allowed.includes(name));
  if (unknown !== undefined)
    throw new PharosError(
      "bad-curve-key",
      `${quoteValue(unknown)} in ${what} is unknown; allowed are ${allowed.join(", ")}`,
    );
  return fields;
}

function publicKeyOf(secretKey: CurveKey): CurveKey {
  const secret = parseZ85(secretKey) ?? Buffer.alloc(0);
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, secret]), format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return encodeZ85(Buffer.from(x, "base64url")) as CurveKey;
}
