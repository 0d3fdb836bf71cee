import { on } from "node:events";
import { watch } from "node:fs";
import { resolve } from "node:path";
import { HttpPublisher } from "pharos";
import { startSite } from "../site.js";

const folder = resolve(process.argv[2] ?? ".");
const { hub } = await startSite({ page: new URL("index.html", import.meta.url) });
const publisher = new HttpPublisher(hub);

// Watches from here on, so no change is missed.
const changes = on(watch(folder), "change");
console.log(`watching ${folder}`);
for await (const [what, file] of changes) {
  const data = JSON.stringify({ what, file, at: Date.now() });
  await publisher.publish({ topic: "changes", data });
}
