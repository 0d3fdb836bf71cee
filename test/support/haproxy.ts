import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.js";
import { atTestEnd } from "./on-end.js";
import { connectRaw } from "./raw-http.js";
import { waitFor } from "./wait-for.js";

/** Starts Debian's HAProxy, which passes on each connection to one server. Returns the port. */
export async function startHaproxy(server: string): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-haproxy-"));
  const port = await freePort();
  const file = join(dir, "haproxy.cfg");
  await writeFile(
    file,
    `
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend clients
  bind 127.0.0.1:${port}
  default_backend hub
backend hub
  server hub ${server}
`,
  );
  const child = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  atTestEnd(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(dir, { recursive: true, force: true });
  });
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`HAProxy has ended: ${said}`);
      return connectRaw({ port }).then(
        (connection) => (connection.close(), true),
        () => false,
      );
    },
    { within: 30_000, missing: () => `HAProxy does not listen: ${said}` },
  );
  return port;
}
