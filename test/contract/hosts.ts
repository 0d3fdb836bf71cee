import compressFastify from "@fastify/compress";
import compression from "compression";
import express from "express";
import session from "express-session";
import Fastify from "fastify";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fastifyPharos } from "../../src/app/embedding/fastify-plugin.js";
import { createHub, type EmbeddedHub } from "../../src/app/embedding/hub.js";
import type { EmbeddedHubOptions } from "../../src/app/embedding/hub-options.js";

/**
 * The programs that a hub is embedded in: a server of Node, an app of Express 5, an app of Fastify 5, and an app of Express
 * whose middleware has replaced methods of the response, so that streams do not write to the socket.
 */
export const hosts = ["node", "express", "fastify", "middleware"] as const;
export type HostName = (typeof hosts)[number];

/** A hub in a server of another program. */
export interface RunningHost {
  readonly hub: EmbeddedHub;
  readonly server: Server;
  readonly port: number;
  /** Ends the server, and the hub in it. */
  close(): Promise<void>;
}

/** Starts a program with a hub at its root. */
export async function startHost(name: HostName, options: EmbeddedHubOptions): Promise<RunningHost> {
  if (name === "fastify") return startFastify(options);
  const hub = await createHub(options);
  const server = createServer(name === "node" ? hub.handler : expressApp(hub, name === "middleware"));
  hub.attach(server);
  return listen(hub, server);
}

function expressApp(hub: EmbeddedHub, middleware: boolean): express.Express {
  const app = express();
  app.disable("x-powered-by");
  if (middleware) {
    app.use(compression());
    app.use(session({ secret: "a secret of the host", resave: false, saveUninitialized: true }));
  }
  // Without `next`: the hub answers for every path, also with its 404.
  app.use((request, response) => hub.handler(request, response));
  return app;
}

async function startFastify(options: EmbeddedHubOptions): Promise<RunningHost> {
  const app = Fastify();
  await app.register(compressFastify);
  await app.register(fastifyPharos, options);
  await app.ready();
  const host = await listen(app.pharos, app.server);
  return {
    ...host,
    close: async () => {
      await app.close();
      await host.close();
    },
  };
}

async function listen(hub: EmbeddedHub, server: Server): Promise<RunningHost> {
  // By default, Node ends a connection that is idle for 5 s, in the middle of a test that waits.
  server.keepAliveTimeout = 72_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    hub,
    server,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      await hub.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
