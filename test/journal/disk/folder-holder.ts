import { createInterface } from "node:readline";
import { messageOf } from "../../../src/base/errors.js";
import { holdFolder } from "../../../src/journal/disk/files/hold-folder.js";

// A process that holds a folder. Each line of standard input has a folder, and the time at which to hold it, in
// milliseconds since 1970. The answer on standard output is `held`, or the reason of the refusal. The process ends when
// its input ends.

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void hold(line).then((answer) => process.stdout.write(`${answer}\n`)));
process.stdout.write("ready\n");

async function hold(line: string): Promise<string> {
  const [dir = "", atMs = "0"] = line.split("\t");
  while (Date.now() < Number(atMs));
  return holdFolder(dir).then(() => "held", messageOf);
}
