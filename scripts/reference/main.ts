import { writeFileSync } from "node:fs";
import { configJsonSchema } from "../../src/config/settings.js";
import { pages } from "./pages.js";

// Usage: npm run reference. The command writes docs/reference/ and config.schema.json.
const root = new URL("../../", import.meta.url);
for (const [name, render] of Object.entries(pages))
  writeFileSync(new URL(`docs/reference/${name}`, root), render());
writeFileSync(new URL("config.schema.json", root), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
