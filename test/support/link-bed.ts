import { join } from "node:path";
import { startHub, type HubOptions, type HubProcess } from "./hub-process.js";
import type { Mongrel2Mode } from "./mongrel2-config.js";
import { startMongrel2, type Mongrel2Options, type Mongrel2Server } from "./mongrel2-server.js";
import { atTestEnd } from "./on-end.js";
import { startSecondHandler, type SecondHandler, type StrangerReport } from "./second-handler.js";
import { waitFor } from "./wait-for.js";

/** Where the second handler's clients go. */
export const strangerPath = "/other";

/** One Mongrel2 with two handlers: Pharos, to be started, and another one whose clients must not notice it. */
export interface LinkBed {
  readonly server: Mongrel2Server;
  readonly strangers: SecondHandler;
  /** Starts a hub on this server; with the scratch folder of one before, it is that hub started again. */
  startHub(options?: HubOptions): Promise<HubProcess>;
  openStrangers(clients: number): Promise<void>;
}

/** Starts the server and the second handler; they end with the test. */
export async function startLinkBed(
  options: Omit<Mongrel2Options, "handlers"> & { readonly mode: Mongrel2Mode },
): Promise<LinkBed> {
  const server = await startMongrel2({ ...options, handlers: [{ path: strangerPath }] });
  atTestEnd(() => server.stop());
  const [second] = server.handlers;
  if (second === undefined) throw new Error("the server has no second handler");
  const strangers = await startSecondHandler(second);
  return {
    server,
    strangers,
    startHub: (hub = {}) => startHubBehind({ mongrel2: [linkTo(server)], ...hub }),
    openStrangers: (clients) => strangers.open({ port: server.port, path: strangerPath, clients }),
  };
}

/** The value of `--mongrel2` for a server, its control port included. */
export function linkTo(server: Pick<Mongrel2Server, "sendSpec" | "recvSpec" | "controlSpec">): string {
  return `${server.sendSpec},${server.recvSpec},${server.controlSpec}`;
}

/** Starts a hub whose record of open streams lies in its scratch folder, and waits until all its links are up. */
export async function startHubBehind(options: HubOptions): Promise<HubProcess> {
  // Relative to the scratch folder, which is the hub's working directory.
  const args = ["--state-dir", "state", ...(options.args ?? [])];
  const hub = await startHub({ admin: "127.0.0.1:0", ...options, args });
  for (let link = 1; link <= (options.mongrel2?.length ?? 0); link += 1)
    await waitForLink(hub, { link, state: "up", within: 60_000 });
  return hub;
}

/** Starts a hub again in the folder of one that was killed, at the same port. */
export function again(hub: HubProcess): HubOptions {
  return {
    scratch: hub.scratch,
    http: `127.0.0.1:${hub.httpPort}`,
    ingest: [`@ipc://${join(hub.scratch, "ingest")}`],
  };
}

/** Until a link of the hub, by default its first, is in this state. */
export async function waitForLink(
  hub: HubProcess,
  options: { readonly state: string; readonly within: number; readonly link?: number },
): Promise<void> {
  let last = "nothing";
  await waitFor(
    async () => {
      last = await linkState(hub, options.link ?? 1);
      return last === options.state;
    },
    { within: options.within, missing: () => `the link is ${last}, not ${options.state}` },
  );
}

/** Fails when the clients of the second handler were closed, or received a byte that is not its own. */
export function strangerFaults(report: StrangerReport): Partial<StrangerReport> {
  const { closed, foreign, sample } = report;
  if (closed === 0 && foreign === 0) return {};
  return { closed, foreign, sample };
}

async function linkState(hub: HubProcess, link: number): Promise<string> {
  const answer = await fetch(`${hub.ready.get("admin")?.[0] ?? ""}/stats`);
  const status = (await answer.json()) as { readonly links: readonly { readonly state: string }[] };
  return status.links[link - 1]?.state ?? "missing";
}
