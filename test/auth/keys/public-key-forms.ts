import type { KeyPair } from "../world.js";

function pemOf(pair: KeyPair): string {
  return pair.publicKey.export({ type: "spki", format: "pem" }).toString();
}

function derOf(pair: KeyPair): Buffer {
  return pair.publicKey.export({ type: "spki", format: "der" });
}

function jwkOf(pair: KeyPair): string {
  return JSON.stringify({ kid: "1", use: "sig", ...pair.publicKey.export({ format: "jwk" }) });
}

/** The texts in which a public key is published, or in which people copy it into a setting. */
export const publicKeyForms: Readonly<Record<string, (pair: KeyPair) => string>> = {
  PEM: pemOf,
  "PEM with CRLF": (pair) => pemOf(pair).replaceAll("\n", "\r\n"),
  "PEM with written line ends": (pair) =>
    pemOf(pair)
      .trim()
      .replaceAll("\n", String.raw`\n`),
  "PEM in one line": (pair) => pemOf(pair).trim().replaceAll("\n", " "),
  "PEM in quotes": (pair) => JSON.stringify(pemOf(pair)),
  "PEM after a byte order mark": (pair) => `\uFEFF  ${pemOf(pair)}`,
  "PEM without its first and last line": (pair) => pemOf(pair).replaceAll(/-----.*-----\n/g, ""),
  "PEM in base64": (pair) => Buffer.from(pemOf(pair)).toString("base64"),
  "PEM after base64:": (pair) => `base64:${Buffer.from(pemOf(pair)).toString("base64url")}`,
  "DER in base64": (pair) => derOf(pair).toString("base64"),
  "DER in base64url": (pair) => derOf(pair).toString("base64url"),
  "DER in hexadecimal digits": (pair) => derOf(pair).toString("hex"),
  "DER after base64:": (pair) => `base64:${derOf(pair).toString("base64")}`,
  JWK: jwkOf,
  "JWK with spaces": (pair) => JSON.stringify(JSON.parse(jwkOf(pair)), undefined, 2),
  "JWK in base64url": (pair) => Buffer.from(jwkOf(pair)).toString("base64url"),
  "JWK that is cut": (pair) => jwkOf(pair).slice(0, -1),
  "JWK set": (pair) => `{"keys":[${jwkOf(pair)}]}`,
  "JWK set as a list": (pair) => `[${jwkOf(pair)}]`,
  "JWK set in base64": (pair) => Buffer.from(`{"keys":[${jwkOf(pair)}]}`).toString("base64"),
};
