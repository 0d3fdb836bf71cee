// Prints the numbers "PASSED FAILED" for one run of vitest. On standard error, prints each failure with a short reason.
// Arguments: the output file of vitest's JSON reporter, and vitest's exit status.
// A file that cannot be loaded counts as one failure. A run that fails without a failed test also counts as one
// failure.
import { readFileSync } from "node:fs";

const [path, status] = process.argv.slice(2);
const results = read(path);
const tests = results.flatMap((result) => result.assertionResults);
const passed = tests.filter((test) => test.status === "passed").length;
const failed = tests.filter((test) => test.status === "failed").length + results.filter(isBroken).length;
for (const test of tests.filter((each) => each.status === "failed")) {
  console.error(`failed: ${test.fullName}: ${(test.failureMessages ?? []).join(" ").slice(0, 600)}`);
}
for (const file of results.filter(isBroken)) console.error(`failed: ${file.name}: ${file.message}`);
console.log(`${passed} ${failed === 0 && status !== "0" ? 1 : failed}`);

function read(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch {
    return [];
  }
}

function isBroken(result) {
  return result.status === "failed" && !result.assertionResults.some((test) => test.status === "failed");
}
