import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Push } from "zeromq";
import { startHub, type HubProcess } from "./hub-process.js";
import { root } from "./ipc.js";
import { linkTo } from "./mongrel2-hub.js";
import { startMongrel2 } from "./mongrel2-server.js";
import { connectPublisher } from "./publisher.js";
import { secret } from "./token.js";

/** The hub of a page, with a way to restart its server. */
export interface PageSite {
  /** Ends with a slash. */
  readonly url: string;
  /** Sends the frames: topic, data, and optionally options as JSON. */
  publish(...frames: readonly string[]): Promise<void>;
  /** Kills the server that holds the browser's connection, and restarts this server on the same port. */
  restart(): Promise<void>;
}

/** The secret of `token.ts` verifies the tokens. */
const env = { PHAROS_TOKEN_SECRET: secret };

async function startStandalone(): Promise<PageSite> {
  let hub = await startHub({ env });
  let push = connectPublisher(hub.ingest);
  const http = `127.0.0.1:${hub.httpPort}`;
  return {
    url: `${hub.httpUrl}/`,
    publish: (...frames) => send(push, frames),
    restart: async () => {
      await hub.kill();
      hub = await startHub({ env, http });
      push = connectPublisher(hub.ingest);
    },
  };
}

async function startBehindMongrel2(): Promise<PageSite> {
  const server = await startMongrel2({ mode: "shipped", htmlDir: join(root, "html") });
  onTestFinished(() => server.stop());
  const hub: HubProcess = await startHub({ env, mongrel2: [linkTo(server)] });
  const push = connectPublisher(hub.ingest);
  return {
    url: `http://localhost:${server.port}/`,
    publish: (...frames) => send(push, frames),
    restart: () => server.restart(),
  };
}

async function send(push: Push, frames: readonly string[]): Promise<void> {
  await push.send([...frames]);
}

/** The kinds of servers for the page, each with a function that starts a site. */
export const pageFronts = [
  { front: "the HTTP front", start: startStandalone },
  { front: "Mongrel2", start: startBehindMongrel2 },
] as const;

/**
 * The server for suites that look at the views of the page, which is the same page behind each server. The long tests set
 * `PAGE_FRONT` to run these suites behind Mongrel2.
 */
export const viewFront = process.env["PAGE_FRONT"] === "Mongrel2" ? pageFronts[1] : pageFronts[0];
