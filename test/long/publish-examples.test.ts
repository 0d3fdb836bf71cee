import { testGuidePrograms, type GuideProgram } from "../support/guide-programs.js";

/** The languages that not every machine has. test/e2e/publish-examples.test.ts has the others. */
const programs: readonly GuideProgram[] = [
  { language: "php", file: "publish.php", command: "php", args: ["publish.php"] },
  { language: "ruby", file: "publish.rb", command: "ruby", args: ["publish.rb"] },
  { language: "go", file: "main.go", command: "go", args: ["run", "main.go"] },
];

testGuidePrograms(programs);
