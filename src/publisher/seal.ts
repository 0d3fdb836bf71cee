import { readFile } from "node:fs/promises";

import { CompactEncrypt } from "jose";

import { PharosError } from "../base/errors.js";

const keyBytes = 32;

/**
 * Returns a function that encrypts data as a compact JWE [RFC 7516 7.1]. The file contains the key: 32 bytes in base64
 * or base64url. Clients with the same key can decrypt the data. The hub and the network see only the length of the
 * data. The topic, type and id of a publication are not encrypted.
 *
 * @throws PharosError `bad-config` when the file cannot be read or contains no valid key
 */
export async function sealer(file: string): Promise<(data: string) => Promise<string>> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new PharosError("bad-config", `the key file ${file} cannot be read`, { cause: error });
  });
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== keyBytes)
    throw new PharosError(
      "bad-config",
      `the key file ${file} must contain 32 bytes in base64, not ${key.length}; create the file with: openssl rand -base64 32`,
    );
  return (data) =>
    new CompactEncrypt(new TextEncoder().encode(data))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .encrypt(key);
}
