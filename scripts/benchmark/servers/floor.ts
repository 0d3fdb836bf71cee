import { compiled } from "../native/compile.js";
import type { Candidate } from "../candidate/candidate.js";
import { SpawnedServer } from "../candidate/spawned-server.js";

const noTopics = "it has no topics";

/** A loop of writes in C: the upper limit of what a server can do on this machine. */
export const floor: Candidate = {
  name: "floor",
  title: "floor (C)",
  settings: [
    "one process, one write per client for each read from the publisher's connection, no topics, no history",
  ],
  unsupported: { topics: noTopics, resume: "it has no history" },
  unavailable: async () => undefined,
  version: async () => "scripts/benchmark/native/floor.c",
  start: async ({ register }) => {
    const server = register(new SpawnedServer({ name: "floor", command: await compiled("floor"), args: [] }));
    const [, port, publisherPort] = await server.waitForOutput(/^ready (\d+) (\d+)$/m);
    return {
      port: Number(port),
      client: { kind: "sse", path: "/" },
      publisher: { kind: "events", port: Number(publisherPort) },
      processes: [server],
    };
  },
};
