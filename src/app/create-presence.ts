import type { Journal } from "../journal/journal.js";
import { presenceNodes } from "../presence/presence-nodes.js";
import { Presence, type PresenceOptions } from "../presence/presence.js";

/** Creates the presence of a hub, whose subscriptions all hubs with the same journal know. */
export function createPresence(
  journal: Journal,
  { clock, metrics, limits }: Pick<PresenceOptions, "clock" | "metrics" | "limits">,
): Presence {
  return new Presence({ nodes: presenceNodes(journal.nodes), journal, clock, metrics, limits });
}
