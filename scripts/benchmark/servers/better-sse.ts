import type { Contestant } from "../candidate/candidate.js";
import { missingPeer, peerVersion, startPeer } from "./npm-peer.js";

/** better-sse on Node's own HTTP server. */
export const betterSse: Contestant = {
  name: "better-sse",
  title: "better-sse",
  settings: [
    "node:http, one process, one channel a topic, channel.broadcast, no JSON around strings; published by lines over TCP into its process",
  ],
  unable: { resume: "its event buffers are a session's own; what was missed is the application's to keep" },
  missing: async () => missingPeer("better-sse"),
  version: async () => peerVersion("better-sse"),
  start: async (options) => startPeer(options, "better-sse", { kind: "sse", path: "/?topic={stream}" }),
};
