import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkProject } from "./check-project.js";
import { writeTable } from "./checks/check-table.js";
import { exceptions } from "./rules/exceptions.js";
import { rooms } from "./rules/rooms.js";

// Usage: npm run layers -- [--write] [ROOT]. If a rule is violated, prints one line per violation on standard error and
// exits with 1. If an option is wrong, exits with 2.
const { isWriting, root } = parseOptions(process.argv.slice(2));
if (isWriting) writeTable(root, rooms);
const { fileCount, faults } = checkProject(root, { rooms, exceptions });
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`layers: ${fileCount} files in ${rooms.length} rooms keep the rules`);

/** Ends the process with the exit code 2 if an option is wrong. */
function parseOptions(args: string[]): { readonly isWriting: boolean; readonly root: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { write: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const [root = fileURLToPath(new URL("../..", import.meta.url)), ...others] = positionals;
    if (others.length > 0) throw new Error(`there is one ROOT, not also ${others.join(" ")}`);
    return { isWriting: values.write, root };
  } catch (error) {
    console.error(`layers: ${error instanceof Error ? error.message : String(error)}`);
    console.error("Usage: npm run layers -- [--write] [ROOT]");
    return process.exit(2);
  }
}
