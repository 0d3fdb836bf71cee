import { writeFileSync } from "node:fs";
import { configJsonSchema } from "../../src/config/settings.js";
import { dashboard } from "../dashboard/dashboard.js";
import { pagesWithFiles, withDeployFiles } from "./deploy-files.js";
import { pages } from "./pages.js";

// Usage: npm run reference. The command writes docs/reference/, config.schema.json and deploy/grafana/pharos.json, and
// the files of deploy/ in the pages that show them.
if (process.argv.length > 2) {
  console.error(`reference: ${process.argv.slice(2).join(" ")} is not allowed: there are no options`);
  process.exit(2);
}
const root = new URL("../../", import.meta.url);
for (const [name, render] of Object.entries(pages))
  writeFileSync(new URL(`docs/reference/${name}`, root), render());
writeJson("config.schema.json", configJsonSchema());
writeJson("deploy/grafana/pharos.json", dashboard());
for (const page of pagesWithFiles) writeFileSync(new URL(page, root), withDeployFiles(page));

function writeJson(name: string, content: unknown): void {
  writeFileSync(new URL(name, root), `${JSON.stringify(content, null, 2)}\n`);
}
