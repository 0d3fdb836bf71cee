import { createInterface } from "node:readline";
import { HttpPublisher } from "pharos";
import { startSite } from "../site.js";

const { hub } = await startSite({ page: new URL("index.html", import.meta.url) });
const publisher = new HttpPublisher(hub);
const last = new Map<string, string>();

// A line is a name without spaces and a reading: `kitchen/temperature 21.5`.
for await (const line of createInterface({ input: process.stdin })) {
  const [, name, reading] = /^(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
  if (name === undefined || reading === undefined || last.get(name) === reading) continue;
  last.set(name, reading);
  const data = JSON.stringify({ name, reading, at: Date.now() });
  await publisher.publish({ topic: `sensors/${name}`, data, retain: true });
}
