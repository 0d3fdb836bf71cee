import { fileURLToPath } from "node:url";
import { checkProject } from "./check-project.js";
import { writeTable } from "./checks/check-table.js";
import { exceptions } from "./rules/exceptions.js";
import { rooms } from "./rules/rooms.js";

// Usage: npm run layers -- [--write] [ROOT]. If a rule is violated, prints one line per violation on standard error and
// exits with 1.
const args = process.argv.slice(2);
const root = args.find((arg) => !arg.startsWith("--")) ?? fileURLToPath(new URL("../..", import.meta.url));
if (args.includes("--write")) writeTable(root, rooms);
const { fileCount, faults } = checkProject(root, { rooms, exceptions });
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`layers: ${fileCount} files in ${rooms.length} rooms keep the rules`);
