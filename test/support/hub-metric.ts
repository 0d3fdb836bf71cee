import type { HubProcess } from "./hub-process.js";

/** The value of a metric without labels, of a hub with an admin address; NaN if there is none. */
export async function metric(hub: HubProcess, name: string): Promise<number> {
  const admin = hub.ready.get("admin")?.[0] ?? "";
  const text = await (await fetch(new URL("/metrics", admin))).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.split(" ")[1]);
}
