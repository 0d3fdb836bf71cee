import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { messageOf } from "../../base/errors.js";

/**
 * Checks that this user may write files in a folder, or may create the folder, without a change to the disk.
 *
 * @throws Error with the reason, which names the folder
 */
export function checkMayWriteIn(dir: string): void {
  const existing = firstExisting(resolve(dir));
  if (!statSync(existing).isDirectory())
    throw new Error(`${dir} cannot be a folder: ${existing} is a file; allowed is a path below folders only`);
  checkAccess(dir, existing);
}

/**
 * Checks that this user may create a file in the folder that must exist for it.
 *
 * @throws Error with the reason, which names the file
 */
export function checkMayCreate(file: string): void {
  const folder = dirname(resolve(file));
  if (firstExisting(folder) !== folder) throw new Error(`the folder ${folder} does not exist`);
  checkAccess(file, folder);
}

function checkAccess(path: string, folder: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`${path} cannot be written: this user may not write in ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The path, or the nearest folder above it that exists. */
function firstExisting(path: string): string {
  return existsSync(path) ? path : firstExisting(dirname(path));
}
