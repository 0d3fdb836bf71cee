import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { testHooks } from "../e2e/react/hooks.js";
import { atSuiteEnd } from "../support/at-suite-end.js";

const run = promisify(execFile);
const onEnd = atSuiteEnd();

// The ordinary tests use React 19. npm does not install two versions of React and its renderer side by side.
testHooks("18", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pharos-react-"));
  onEnd(() => rm(folder, { recursive: true }));
  await run("npm", ["install", "--no-save", "--prefix", folder, "react@18.3.1", "react-dom@18.3.1"]);
  return join(folder, "node_modules");
});
