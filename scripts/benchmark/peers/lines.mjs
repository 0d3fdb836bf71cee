import { createServer } from "node:net";

/**
 * Accepts publications on a separate port, one line `STREAM PAYLOAD` each, and prints
 * `ready CLIENT_PORT PUBLISHER_PORT`. Ends the process when standard input closes.
 */
export function takeLines(httpServer, publish) {
  const listener = createServer((socket) => {
    let rest = "";
    socket.setEncoding("latin1").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const space = line.indexOf(" ");
        publish(line.slice(0, space), line.slice(space + 1));
      }
    });
    socket.on("error", () => socket.destroy());
  });
  httpServer.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    listener.listen(0, "127.0.0.1", () => {
      process.stdout.write(`ready ${httpServer.address().port} ${listener.address().port}\n`);
    });
  });
  process.stdin.resume().on("end", () => process.exit(0));
}
