import { join } from "node:path";
import type { Candidate } from "../candidate/candidate.js";
import { pharos, running, startHub } from "./pharos.js";

/** A hub with a journal on disk: each event is on the disk before a client gets it. */
export const pharosDisk: Candidate = {
  ...pharos,
  name: "pharos-disk",
  title: "Pharos, journal on disk",
  settings: ["--journal disk:DIR, in the scratch folder of the benchmark; published over ZeroMQ (ipc)"],
  start: async (options) => {
    const journal = `disk:${join(options.scratch, "journal")}`;
    const hub = await startHub(options, { args: ["--http", "127.0.0.1:0", "--journal", journal] });
    const [, port = ""] = await hub.waitForOutput(/^ready .*http=http:\/\/127\.0\.0\.1:(\d+)/m);
    return running({ port: Number(port), processes: [hub], scratch: options.scratch });
  },
};
