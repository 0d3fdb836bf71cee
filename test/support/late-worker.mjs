import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Pair } from "zeromq";

// A worker that connects to the hub once the file `go` exists in the folder LATE_WORKER_FOLDER. It writes each
// certificate that it gets after its start to the file `certificate` there. The file needs no build.

process.once("disconnect", () => process.exit());
process.once("message", (settings) => void serve(settings));

async function serve({ address }) {
  const folder = process.env.LATE_WORKER_FOLDER;
  while (!existsSync(join(folder, "go"))) await delay(20);
  const pair = new Pair({ linger: 0 });
  pair.connect(address);
  await pair.send(JSON.stringify([{ kind: "up" }]));
  for await (const [text] of pair)
    for (const { kind, tls } of JSON.parse(text.toString())) {
      if (kind === "certificates") writeFileSync(join(folder, "certificate"), tls.pairs[0].cert);
      if (kind === "close") process.disconnect();
    }
}
