import { heldGauges } from "./held-gauges.js";
import type { HubProcess } from "./hub-process.js";
import { waitFor } from "./wait-for.js";

/** The lines of `/metrics` that say what the hub holds for clients. The hub needs an admin address. */
export async function heldBy(hub: HubProcess): Promise<readonly string[]> {
  const answer = await fetch(new URL("/metrics", hub.ready.get("admin")?.[0] ?? ""));
  const lines = (await answer.text()).split("\n");
  return lines.filter((line) => {
    const [, name = "", value] = /^pharos_([a-z_]+)(?:\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    return heldGauges.includes(name) && value !== "0";
  });
}

/** Waits until the hub holds nothing for clients any more. */
export async function untilNothingHeld(hub: HubProcess, options: { readonly within: number }): Promise<void> {
  let held: readonly string[] = [];
  await waitFor(
    async () => {
      held = await heldBy(hub);
      return held.length === 0;
    },
    { within: options.within, everyMs: 100, missing: () => `the hub still holds ${held.join(", ")}` },
  );
}
