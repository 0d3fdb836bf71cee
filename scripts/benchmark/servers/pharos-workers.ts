import type { Contestant } from "../candidate/candidate.js";
import { hasWorkers, pharos, running, startHub } from "./pharos.js";

/** Clients of one worker: a process may hold 20,000 descriptors. */
const perWorker = 18_000;

/** A hub with as many worker processes as the clients need. */
export const pharosWorkers: Contestant = {
  ...pharos,
  name: "pharos-workers",
  title: "Pharos with workers",
  settings: [
    "--workers: one for each 18,000 clients, two at least; limits on connections raised; ZeroMQ (ipc)",
  ],
  unable: {},
  missing: async () => ((await hasWorkers()) ? undefined : "needs --workers, which this hub does not have"),
  start: async (options) => {
    const workers = Math.max(2, Math.ceil((options.clients * 1.05) / perWorker));
    const hub = await startHub(options, ["--http", "127.0.0.1:0", "--workers", `${workers}`]);
    const [, port = ""] = await hub.waitForOutput(/^ready .*http=http:\/\/127\.0\.0\.1:(\d+)/m, 120_000);
    return running({ port: Number(port), counted: [hub], scratch: options.scratch });
  },
};
