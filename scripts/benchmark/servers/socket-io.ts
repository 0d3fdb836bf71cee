import type { Contestant } from "../candidate/candidate.js";
import { missingPeer, peerVersion, startPeer } from "./npm-peer.js";

/** socket.io over WebSocket alone. */
export const socketIo: Contestant = {
  name: "socket.io",
  title: "socket.io",
  settings: [
    "one process, WebSocket alone, the first request dropped as its page on performance advises; io.to(room).emit",
    "published by lines over TCP into its process",
  ],
  unable: {
    resume:
      "its recovery of a connection state is another protocol than a client that comes back with its last id",
  },
  missing: async () => missingPeer("socket.io"),
  version: async () => peerVersion("socket.io"),
  start: async (options) =>
    startPeer(options, "socket.io", {
      kind: "socketio",
      path: "/socket.io/?EIO=4&transport=websocket&topic={stream}",
    }),
};
