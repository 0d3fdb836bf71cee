import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { ED25519KeyPairOptions, KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SignJWT } from "jose";
import { onTestFinished } from "vitest";

import type { Grants, Verdict } from "../../src/auth/grants/grants.js";
import type { TokenLimits } from "../../src/limits/tokens.js";
import type { IssuerSettings } from "../../src/auth/tokens/trusted-issuer.js";
import { createVerifier, type Verifier } from "../../src/auth/tokens/verifier.js";
import type { LogFields, Logger } from "../../src/base/log.js";
import { VirtualClock } from "../support/virtual-clock.js";

export const hubUrl = "https://hub.example/.well-known/mercure";
export const issuer = "https://issuer.example";
export const secret = "a secret of the tests, 36 characters";

/** The time at which virtual clocks start, in seconds. */
export const now = Date.UTC(2026, 0, 1) / 1000;

export const detailType = "https://mercure.rocks/authorization-detail";

/** An authorization detail that allows everything. */
export const everything = {
  type: detailType,
  actions: ["publish", "subscribe"],
  topics: [{ match: "*" }],
};

/** Valid claims of the current form. */
export const goodClaims = {
  iss: issuer,
  aud: hubUrl,
  exp: now + 600,
  sub: "somebody",
  client_id: "a client",
  iat: now,
  jti: "1",
  authorization_details: [everything],
};

export interface Signed {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: KeyObject | Uint8Array;
}

/** Signs a token without the undefined fields of `header` and `claims`. */
export function sign({
  header = {},
  claims = goodClaims,
  key = Buffer.from(secret),
}: Signed): Promise<string> {
  const protectedHeader = { alg: "HS256", typ: "at+jwt", ...header };
  const token = new SignJWT(claims).setProtectedHeader(protectedHeader);
  return token.sign(key, { crit: { exotic: true } });
}

/** Signs a token of the older form. */
export function signOlder(
  claims: Readonly<Record<string, unknown>>,
  signed: Omit<Signed, "claims"> = {},
): Promise<string> {
  return sign({ ...signed, header: { typ: undefined, ...signed.header }, claims });
}

/** A token verifier with a virtual clock and a recorded log. */
export class World {
  readonly clock = new VirtualClock();
  readonly log: { readonly level: string; readonly fields: LogFields; readonly message: string }[] = [];
  readonly verifier: Verifier;

  constructor(
    options: {
      readonly issuers?: readonly IssuerSettings[];
      readonly limits?: Partial<TokenLimits>;
      readonly leewaySeconds?: number;
      readonly earlier?: Verifier;
    } = {},
  ) {
    this.verifier = createVerifier(
      { issuers: [{ issuer, secret }], ...options, hubUrl },
      {
        clock: this.clock,
        logger: this.#logger(),
      },
    );
  }

  verify(token: string): Promise<Verdict> {
    return this.verifier.verify(token);
  }

  /** The rights of an accepted token. */
  async grants(token: string): Promise<Grants> {
    const verdict = await this.verify(token);
    if (verdict.ok) return verdict.grants;
    throw new Error(`refused: ${verdict.reason}`);
  }

  /** The reason why the verifier refuses a token. */
  async refusal(token: string): Promise<string> {
    const verdict = await this.verify(token);
    if (!verdict.ok) return verdict.reason;
    throw new Error("the token was accepted");
  }

  #logger(): Logger {
    const at = (level: string) => (fields: LogFields, message: string) =>
      void this.log.push({ level, fields, message });
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}

/** Creates a folder that is removed after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "pharos-auth-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Creates a file with this text. The file is removed after the test. */
export function file(text: string, name = "key"): string {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const format = "pem";
const encodings: ED25519KeyPairOptions<"pem", "pem"> = {
  privateKeyEncoding: { type: "pkcs8", format },
  publicKeyEncoding: { type: "spki", format },
};

/**
 * Reads a pair that was written as text. The objects of `generateKeyPairSync` of Node.js 20 can block the process for
 * ever: if the garbage collector runs during an export of such a key, it waits for a lock that the export holds.
 */
function pairOf({ privateKey }: { readonly privateKey: string }): KeyPair {
  return { privateKey: createPrivateKey(privateKey), publicKey: createPublicKey(privateKey) };
}

export const rsa = (modulusLength = 2048): KeyPair =>
  pairOf(generateKeyPairSync("rsa", { modulusLength, ...encodings }));
export const ec = (namedCurve: string): KeyPair =>
  pairOf(generateKeyPairSync("ec", { namedCurve, ...encodings }));
export const ed25519 = (): KeyPair => pairOf(generateKeyPairSync("ed25519", encodings));

export const pem = ({ publicKey }: KeyPair): string =>
  publicKey.export({ type: "spki", format: "pem" }).toString();

/** The public key as a JWK, with these additional members. */
export function jwk({ publicKey }: KeyPair, members: Readonly<Record<string, unknown>> = {}): unknown {
  return { ...publicKey.export({ format: "jwk" }), ...members };
}
