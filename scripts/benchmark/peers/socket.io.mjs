import { createServer } from "node:http";
import { Server } from "socket.io";
import { takeLines } from "./lines.mjs";

const server = createServer();
const io = new Server(server, { transports: ["websocket"], serveClient: false });
io.on("connection", (socket) => {
  void socket.join(socket.handshake.query.topic);
  // socket.io's performance page recommends this step: it frees the memory of the first request when the socket is
  // open.
  socket.conn.request = null;
});

takeLines(server, (topic, payload) => io.to(topic).emit("m", payload));
