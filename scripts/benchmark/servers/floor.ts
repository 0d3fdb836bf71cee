import { compiled } from "../native/compile.js";
import type { Contestant } from "../candidate/candidate.js";
import { ServerChild } from "../candidate/spawned-server.js";

const noTopics = "it knows no topics";

/** A loop of writes in C: what a machine can do when a server adds nothing. */
export const floor: Contestant = {
  name: "floor",
  title: "floor (C)",
  settings: [
    "one process, one write per client for whatever the publisher's connection had, no topics, no history",
  ],
  unable: { topics: noTopics, resume: "it keeps no history" },
  missing: async () => undefined,
  version: async () => "scripts/benchmark/floor.c",
  start: async ({ own }) => {
    const child = own(new ServerChild({ name: "the floor", command: await compiled("floor"), args: [] }));
    const [, port, publisherPort] = await child.waitForOutput(/^ready (\d+) (\d+)$/m);
    return {
      port: Number(port),
      client: { kind: "sse", path: "/" },
      publisher: { kind: "events", port: Number(publisherPort) },
      counted: [child],
    };
  },
};
