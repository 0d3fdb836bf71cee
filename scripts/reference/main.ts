import { writeFileSync } from "node:fs";
import { configJsonSchema } from "../../src/config/settings.js";
import { pagesWithFiles, withDeployFiles } from "./deploy-files.js";
import { pages } from "./pages.js";

// Usage: npm run reference. The command writes docs/reference/ and config.schema.json, and the files of
// deploy/ in the pages that show them.
if (process.argv.length > 2) {
  console.error(`reference: ${process.argv.slice(2).join(" ")} is not allowed: there are no options`);
  process.exit(2);
}
const root = new URL("../../", import.meta.url);
for (const [name, render] of Object.entries(pages))
  writeFileSync(new URL(`docs/reference/${name}`, root), render());
writeFileSync(new URL("config.schema.json", root), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
for (const page of pagesWithFiles) writeFileSync(new URL(page, root), withDeployFiles(page));
