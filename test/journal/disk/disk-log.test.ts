import { join } from "node:path";
import { silentLogger } from "../../../src/base/log.js";
import { DiskLog, type DiskLogOptions } from "../../../src/journal/disk/disk-log.js";
import type { DiskFiles } from "../../../src/journal/disk/files/files.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { describeLog } from "../log/log-contract.js";
import type { LogSite } from "../log/log-site.js";
import { BreakableFiles } from "./breakable-files.js";
import { PowerCutFiles } from "./power-cut-files.js";
import { Random } from "../../support/random.js";
import { scratchFolder } from "./scratch-folder.js";

function options(dir: string, files: DiskFiles, bytes: number): DiskLogOptions {
  return {
    dir,
    files,
    limits: { bytes },
    clock: new VirtualClock(),
    logger: silentLogger,
  };
}

for (const [size, bytes] of [
  ["one segment", 1024 ** 3],
  ["many segments", 16 * 1024],
] as const) {
  describeLog({
    name: `DiskLog on real files, ${size}`,
    breakages: ["full", "unreachable"],
    site: (): LogSite => {
      const dir = join(scratchFolder(), "journal");
      const files = new BreakableFiles();
      return {
        create: () => new DiskLog(options(dir, files, bytes)),
        breakStore: (kind) => void (files.breakage = kind),
        heal: () => void (files.breakage = undefined),
      };
    },
  });

  describeLog({
    name: `DiskLog on files in memory, ${size}`,
    breakages: ["full"],
    site: (): LogSite => {
      const files = new PowerCutFiles(new Random(1));
      return {
        create: () => new DiskLog(options("/journal", files, bytes)),
        breakStore: () => void (files.isFull = true),
        heal: () => void (files.isFull = false),
      };
    },
  });
}
