import { watch } from "node:fs/promises";
import { resolve } from "node:path";
import { HttpPublisher } from "pharos";
import { startSite } from "../site.js";

const folder = resolve(process.argv[2] ?? ".");
const { hub } = await startSite({ page: new URL("index.html", import.meta.url) });
const publisher = new HttpPublisher(hub);

console.log(`watching ${folder}`);
for await (const { eventType, filename } of watch(folder)) {
  const data = JSON.stringify({ what: eventType, file: filename, at: Date.now() });
  await publisher.publish({ topic: "changes", data });
}
