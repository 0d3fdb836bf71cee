import { readFile } from "node:fs/promises";

import { CompactEncrypt } from "jose";

import { PharosError } from "../base/errors.js";

const keyBytes = 32;

/**
 * Seals data as a JWE in its compact form [RFC 7516 7.1] with the key in a file: 32 bytes in base64 or base64url.
 * Clients with the same key can decrypt the data. The hub and the network see only the length of the data. Topic, type
 * and id are not encrypted.
 *
 * @throws PharosError `bad-config` when the file cannot be read or has no such key
 */
export async function sealer(file: string): Promise<(data: string) => Promise<string>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new PharosError("bad-config", `the key file ${file} cannot be read`, { cause: error });
  });
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== keyBytes)
    throw new PharosError(
      "bad-config",
      `the key file ${file} must hold 32 bytes in base64, from: openssl rand -base64 32`,
    );
  return (data) =>
    new CompactEncrypt(new TextEncoder().encode(data))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .encrypt(key);
}
