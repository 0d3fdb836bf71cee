import { startMongrel2, type Mongrel2Server } from "../../../test/support/mongrel2-server.js";
import type { ServerProcess, Candidate } from "../candidate/candidate.js";
import { hasCommand, packageVersion } from "../machine/debian.js";
import { pharosVersion, running, startHub } from "./pharos.js";

/** A hub behind a real Mongrel2 with the settings of mongrel2/mongrel2.conf. */
export const pharosMongrel2: Candidate = {
  name: "pharos-mongrel2",
  title: "Pharos behind Mongrel2",
  settings: [
    "Mongrel2 with mongrel2/mongrel2.conf, superpoll.max_fd raised to 4.4 times the clients; the hub's own HTTP front off",
  ],
  unsupported: {},
  unavailable: async () =>
    (await hasCommand("mongrel2")) && (await hasCommand("m2sh"))
      ? undefined
      : "mongrel2-core is not installed",
  version: async () => `${await pharosVersion()}, Mongrel2 ${await packageVersion("mongrel2-core")}`,
  start: async (options) => {
    const server = await startMongrel2({
      mode: "shipped",
      maxFd: Math.max(16_384, Math.ceil(options.clients * 4.4)),
    });
    const mongrel2 = options.register(processOf(server));
    const link = `${server.sendSpec},${server.recvSpec},${server.controlSpec}`;
    const args = ["--http", "off", "--mongrel2", link, "--log-level", "info"];
    const hub = await startHub(options, { args });
    await hub.waitForLog(/the link is up/);
    return running({ port: server.port, processes: [mongrel2, hub], scratch: options.scratch });
  },
};

function processOf(server: Mongrel2Server): ServerProcess {
  let stopped = false;
  return {
    name: "Mongrel2",
    pids: () => (stopped ? [] : [server.pid]),
    get log() {
      return server.log();
    },
    stop: async () => {
      stopped = true;
      await server.stop();
    },
  };
}
