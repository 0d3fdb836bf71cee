import { startHub, type HubProcess } from "./hub-process.js";
import { waitFor } from "./wait-for.js";

/** A hub in the list of hubs of `/stats`. */
export interface ListedHub {
  readonly node: string;
  readonly self: boolean;
  readonly name: string;
  readonly state: string;
  readonly streams: number;
}

/** Starts a hub with this name and an admin address, on the stream `hubs` of NATS. */
export async function startNode(name: string, address: string): Promise<HubProcess> {
  const args = ["--open=on", "--node", name, "--journal", `nats://${address}/hubs`];
  return startHub({ admin: "127.0.0.1:0", args });
}

/** The URL of the hub's admin address. */
export function adminOf(hub: HubProcess): string {
  return hub.ready.get("admin")?.[0] ?? "";
}

/** The hubs that a hub lists. */
export async function hubsAt(hub: HubProcess): Promise<readonly ListedHub[]> {
  const response = await fetch(`${adminOf(hub)}/stats`);
  const { nodes } = (await response.json()) as { readonly nodes: readonly ListedHub[] };
  return nodes;
}

/** Waits until a hub lists the hubs with these names, and no others. */
export async function untilListed(hub: HubProcess, names: readonly string[], within = 60_000): Promise<void> {
  let last: readonly string[] = [];
  const isListed = async (): Promise<boolean> => {
    last = (await hubsAt(hub)).map(({ name }) => name);
    return last.join() === names.join();
  };
  await waitFor(isListed, { within, missing: () => `${names.join()} instead of ${last.join()}` });
}
