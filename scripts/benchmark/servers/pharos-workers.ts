import type { Candidate } from "../candidate/candidate.js";
import { hasWorkers, pharos, running, startHub } from "./pharos.js";

/** Clients per worker: a process may open 20,000 file descriptors. */
const perWorker = 18_000;

/** A hub with as many worker processes as the clients need. */
export const pharosWorkers: Candidate = {
  ...pharos,
  name: "pharos-workers",
  title: "Pharos with workers",
  settings: [
    "--workers: one per 18,000 clients, at least two; connection limits raised; published over ZeroMQ (ipc)",
  ],
  unsupported: {},
  unavailable: async () => ((await hasWorkers()) ? undefined : "this hub has no option --workers"),
  start: async (options) => {
    const workers = Math.max(2, Math.ceil((options.clients * 1.05) / perWorker));
    const hub = await startHub(options, { args: ["--http", "127.0.0.1:0", "--workers", `${workers}`] });
    const [, port = ""] = await hub.waitForOutput(/^ready .*http=http:\/\/127\.0\.0\.1:(\d+)/m, 120_000);
    return running({ port: Number(port), processes: [hub], scratch: options.scratch });
  },
};
