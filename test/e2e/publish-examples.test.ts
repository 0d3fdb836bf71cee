import { testGuidePrograms, type GuideProgram } from "../support/guide-programs.js";

/** The languages that every machine with the tests has. test/long/publish-examples.test.ts has the others. */
const programs: readonly GuideProgram[] = [
  { language: "bash", file: "publish.sh", command: "bash", args: ["publish.sh"] },
  { language: "javascript", file: "publish.mjs", command: process.execPath, args: ["publish.mjs"] },
  { language: "python", file: "publish.py", command: "python3", args: ["publish.py"] },
];

testGuidePrograms(programs);
