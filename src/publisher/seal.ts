import { readFile } from "node:fs/promises";

import { CompactEncrypt } from "jose";

import { PharosError } from "../base/errors.js";

const keyBytes = 32;

/**
 * Seals data as a JWE in its compact form [RFC 7516 7.1] with the key of a file: 32 bytes in base64 or base64url. Whoever has the same key
 * opens it; the hub and all on the way see its length only. Topic, type and id stay plain.
 *
 * @throws PharosError `bad-config` for a file that cannot be read, or holds no such key
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
