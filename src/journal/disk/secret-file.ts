import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { PharosError } from "../../base/errors.js";
import { createDurably } from "./files/create-durably.js";
import type { DiskFiles } from "./files/files.js";
import { writeAll } from "./files/write-all.js";

export const secretName = "secret";

const secretBytes = 32;

/** @throws PharosError `bad-config` if the file does not hold a secret */
export async function readSecret(files: DiskFiles, dir: string): Promise<Buffer> {
  const path = join(dir, secretName);
  const file = await files.open(path);
  const bytes = Buffer.alloc(secretBytes + 1);
  const count = await file.read(bytes, 0);
  await file.close();
  if (count === secretBytes) return bytes.subarray(0, secretBytes);
  throw new PharosError("bad-config", `${path} must have ${secretBytes} bytes; restore it from a backup`);
}

export async function createSecret(files: DiskFiles, dir: string): Promise<Buffer> {
  const secret = randomBytes(secretBytes);
  const file = await createDurably(files, join(dir, secretName), (file) => writeAll(file, [secret], 0));
  await file.close();
  return secret;
}
