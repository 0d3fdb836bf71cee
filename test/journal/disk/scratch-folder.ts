import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A new folder that the end of the test removes. */
export function scratchFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-disk-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
