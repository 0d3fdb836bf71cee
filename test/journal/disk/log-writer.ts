import { writeSync } from "node:fs";
import { systemClock } from "../../../src/app/system-clock.js";
import { silentLogger } from "../../../src/base/log.js";
import { DiskLog } from "../../../src/journal/disk/disk-log.js";

// A process that appends records to the log in the folder of its first argument, until it is killed. After each record
// is stored, it writes the record's number and text to standard output, as one line.

const [, , dir = ""] = process.argv;
const log = new DiskLog({ dir, limits: { bytes: 1024 ** 3 }, clock: systemClock, logger: silentLogger });
await log.open();
for (let count = 0; ; count += 1) {
  const text = `${process.pid}-${count}-${"x".repeat((count * 977) % 3000)}`;
  writeSync(1, `${await log.append(Buffer.from(text))} ${text}\n`);
}
