import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../test/support/free-port.js";
import { waitFor } from "../../../test/support/wait-for.js";
import type { Candidate } from "../candidate/candidate.js";
import { hasCommand, packageVersion } from "../machine/debian.js";
import { benchmarkDir } from "../machine/paths.js";
import { SpawnedServer } from "../candidate/spawned-server.js";

/**
 * Pushpin from its Debian package, behind a Mongrel2, with an origin server that tells Pushpin to keep each stream
 * open.
 */
export const pushpin: Candidate = {
  name: "pushpin",
  title: "Pushpin",
  settings: [
    "Debian's set-up: its own Mongrel2, m2adapter, zurl, proxy and handler; client_maxconn 50,000",
    "this version has no setting for threads or workers",
    "message_rate 100,000,000 and message_hwm 1,000,000 (by default at most 2,500 deliveries a second)",
    "an origin server on Node, which is not measured, answers each request with Grip-Hold: stream",
    "published over ZeroMQ (ipc PULL)",
  ],
  unsupported: { resume: "it has no history; the origin server would have to send missed events" },
  unavailable: async () => ((await hasCommand("pushpin")) ? undefined : "pushpin is not installed"),
  version: async () => packageVersion("pushpin"),
  start: async ({ scratch, register }) => {
    const grip = [join(benchmarkDir, "peers", "grip-origin.mjs")];
    const origin = register(new SpawnedServer({ name: "the origin", command: process.execPath, args: grip }));
    const [, originPort = ""] = await origin.waitForOutput(/^ready (\d+)$/m);
    const port = await freePort();
    await mkdir(join(scratch, "run"));
    await mkdir(join(scratch, "log"));
    await writeFile(join(scratch, "pushpin.conf"), await configuration(scratch, port));
    await writeFile(join(scratch, "routes"), `* 127.0.0.1:${originPort}\n`);
    const args = ["--merge-output", "--config", join(scratch, "pushpin.conf")];
    const spec = { name: "Pushpin", command: "pushpin", args, env: { LOGNAME: "bench" } };
    const server = register(new SpawnedServer(spec));
    await waitFor(() => answers(port), {
      within: 30_000,
      missing: () => `Pushpin does not answer: ${server.log}`,
    });
    return {
      port,
      client: { kind: "sse", path: "/{stream}" },
      publisher: { kind: "pushpin", endpoint: `ipc://${join(scratch, "run", "push")}`, channel: "{stream}" },
      processes: [server],
    };
  },
};

async function configuration(dir: string, port: number): Promise<string> {
  const run = join(dir, "run");
  return `
[global]
include=/usr/lib/pushpin/internal.conf
rundir=${run}
ipc_prefix=p-
port_offset=0

[runner]
services=mongrel2,m2adapter,zurl,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:${port}
logdir=${join(dir, "log")}
log_level=0
client_buffer_size=8192
client_maxconn=50000
mongrel2_bin=mongrel2
m2sh_bin=m2sh
zurl_bin=zurl

[proxy]
routesfile=${join(dir, "routes")}
zurl_out_specs=ipc://${run}/p-zurl-in
zurl_out_stream_specs=ipc://${run}/p-zurl-in-stream
zurl_in_specs=ipc://${run}/p-zurl-out
updates_check=off

[handler]
push_in_spec=ipc://${run}/push
push_in_sub_specs=ipc://${run}/push-sub
push_in_http_addr=127.0.0.1
push_in_http_port=${await freePort()}
command_spec=ipc://${run}/command
stats_spec=ipc://${run}/stats
message_rate=100000000
message_hwm=1000000
`;
}

/** Waits for a response, because Pushpin's Mongrel2 accepts connections before the other processes run. */
async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
