import compression from "compression";
import express from "express";
import Fastify from "fastify";
import { createServer } from "node:http";
import { createHub, fastifyPharos } from "../../dist/index.js";

// A program with a hub, as a process of its own. Prints a line as `pharos serve` does. HOST names the kind of its server.
const options = { open: true };
const { HOST = "node" } = process.env;
const { server, close } = HOST === "fastify" ? await withFastify() : await withHandler();
process.once("SIGTERM", () => void close());
process.stdout.write(`ready http=http://127.0.0.1:${server.address().port}\n`);

async function withHandler() {
  const hub = await createHub(options);
  const app = express();
  // `compression` leaves streams alone, but it has replaced the methods of the response.
  if (HOST === "middleware") app.use(compression());
  app.use(hub.handler);
  const httpServer = createServer(HOST === "node" ? hub.handler : app);
  await new Promise((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  return {
    server: httpServer,
    close: async () => {
      await hub.close();
      httpServer.closeAllConnections();
      httpServer.close();
    },
  };
}

async function withFastify() {
  const app = Fastify();
  await app.register(fastifyPharos, options);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { server: app.server, close: () => app.close() };
}
