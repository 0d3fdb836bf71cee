// Prints "PASSED FAILED" of one run of vitest, and on standard error what failed and why, in short.
// Arguments: the file of its JSON reporter, and its exit status.
// A file that cannot be loaded is one failure, and so is a run that fails for no test's sake.
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
