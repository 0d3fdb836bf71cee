import { createServer } from "node:http";

// Pushpin forwards each client's request to this server. The response tells Pushpin to keep the stream open, and names
// the request's path as the stream's channel.
const server = createServer({ keepAlive: true }, (request, response) => {
  request.resume();
  const channel = request.url.slice(1);
  const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
  if (channel === "ready") response.writeHead(200, { "Content-Type": "text/plain" }).end("ready\n");
  else
    response.writeHead(200, { ...headers, "Grip-Hold": "stream", "Grip-Channel": channel }).end(": open\n\n");
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  process.stdout.write(`ready ${server.address().port}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));
