import type { Candidate } from "../candidate/candidate.js";
import { unavailablePeer, peerVersion, startPeer } from "./npm-peer.js";

/** better-sse on Node's own HTTP server. */
export const betterSse: Candidate = {
  name: "better-sse",
  title: "better-sse",
  settings: [
    "node:http, one process, one channel per topic, channel.broadcast, no JSON around strings; publications sent as lines over TCP to its process",
  ],
  unsupported: {
    resume: "its event buffers belong to one session; the application must store missed events",
  },
  unavailable: async () => unavailablePeer("better-sse"),
  version: async () => peerVersion("better-sse"),
  start: async (options) => startPeer(options, "better-sse", { kind: "sse", path: "/?topic={stream}" }),
};
