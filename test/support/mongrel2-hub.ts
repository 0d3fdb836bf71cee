import { join } from "node:path";
import { startHub, type HubOptions, type HubProcess } from "./hub-process.js";
import type { Mongrel2Server } from "./mongrel2-server.js";
import { waitFor } from "./wait-for.js";

/** The value of `--mongrel2` for a server, with its control port. */
export function linkTo(server: Pick<Mongrel2Server, "sendSpec" | "recvSpec" | "controlSpec">): string {
  return `${server.sendSpec},${server.recvSpec},${server.controlSpec}`;
}

/** Starts a hub with its state in the scratch folder, and waits until all links of the hub are up. */
export async function startHubBehind(options: HubOptions): Promise<HubProcess> {
  // Relative to the scratch folder, which is the hub's working directory.
  const args = ["--state-dir", "state", ...(options.args ?? [])];
  const hub = await startHub({ admin: "127.0.0.1:0", ...options, args });
  for (let link = 1; link <= (options.mongrel2?.length ?? 0); link += 1)
    await waitForLink(hub, { link, state: "up", within: 60_000 });
  return hub;
}

/** The options that restart a killed hub in the same folder and on the same port. */
export function again(hub: HubProcess): HubOptions {
  return {
    scratch: hub.scratch,
    http: `127.0.0.1:${hub.httpPort}`,
    ingest: [`@ipc://${join(hub.scratch, "ingest")}`],
  };
}

/** Waits until a link of the hub, the first by default, has this state. */
export async function waitForLink(
  hub: HubProcess,
  options: { readonly state: string; readonly within: number; readonly link?: number },
): Promise<void> {
  let last = "unknown";
  await waitFor(
    async () => {
      last = await linkState(hub, options.link ?? 1);
      return last === options.state;
    },
    { within: options.within, missing: () => `the link is ${last}, not ${options.state}` },
  );
}

async function linkState(hub: HubProcess, link: number): Promise<string> {
  const answer = await fetch(`${hub.ready.get("admin")?.[0] ?? ""}/stats`);
  const status = (await answer.json()) as { readonly links: readonly { readonly state: string }[] };
  return status.links[link - 1]?.state ?? "missing";
}
