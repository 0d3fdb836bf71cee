import { createConnection } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

/**
 * A thread with clients that write the same bytes as fast as the hub reads them, read all responses, and reconnect when
 * the hub closes their connection.
 */
const { port, clients, first, more } = workerData;

function flood() {
  const socket = createConnection({ port, host: "127.0.0.1" });
  const write = () => {
    while (!socket.destroyed && socket.write(more)) continue;
  };
  socket.on("connect", () => {
    socket.write(first);
    write();
  });
  socket.on("drain", write).on("data", () => undefined);
  socket.on("error", () => undefined).on("close", () => setTimeout(flood, 1));
}

for (let client = 0; client < clients; client += 1) flood();
parentPort?.postMessage("flooding");
