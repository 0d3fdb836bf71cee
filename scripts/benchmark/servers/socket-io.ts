import type { Candidate } from "../candidate/candidate.js";
import { unavailablePeer, peerVersion, startPeer } from "./npm-peer.js";

/** socket.io over WebSocket only. */
export const socketIo: Candidate = {
  name: "socket.io",
  title: "socket.io",
  settings: [
    "one process, WebSocket only, the first HTTP request of each client deleted, as socket.io's page on performance advises; io.to(room).emit",
    "publications sent as lines over TCP to its process",
  ],
  unsupported: {
    resume: "its connection state recovery uses another protocol, not a request with the last event id",
  },
  unavailable: async () => unavailablePeer("socket.io"),
  version: async () => peerVersion("socket.io"),
  start: async (options) =>
    startPeer(options, "socket.io", {
      kind: "socketio",
      path: "/socket.io/?EIO=4&transport=websocket&topic={stream}",
    }),
};
