import { limitProbes } from "./limit-probes.js";
import type { ReloadSite, Variables } from "./reload-site.js";
import { settingProbes } from "./setting-probes.js";

/** Shows that a reload changes one setting of a running hub. */
export interface Probe {
  /** The variables at the start. @default none */
  readonly from?: Variables;
  /** The variables that the reload changes. */
  readonly to: Variables;
  /** What a client or an operator sees of the setting. */
  readonly look: (site: ReloadSite, isReloaded: boolean) => unknown;
  /** The result of `look` before the reload. */
  readonly before: unknown;
  /** The result of `look` after the reload. */
  readonly after: unknown;
}

/** Probes by the names of the settings in the file. */
export type Probes = Readonly<Record<string, Probe>>;

export const probes: Probes = { ...settingProbes, ...limitProbes };

/** Settings whose effect shows elsewhere. */
export const shownElsewhere: Readonly<Record<string, string>> = {
  webhook: "test/webhooks/webhooks.test.ts: needs a receiver",
  webhookSecret: "test/webhooks/webhooks.test.ts: needs a receiver",
  "limits.webhookBytes": "test/webhooks/webhooks.test.ts: shows only to a receiver that hangs",
  "limits.webhooksPerSecond": "test/webhooks/webhooks.test.ts: depends on time",
  closeOverSeconds: "test/app/lifecycle/lifecycle.test.ts: shows only when the hub stops",
  drainSeconds: "test/app/lifecycle/lifecycle.test.ts: shows only when the hub stops",
  "limits.connectionsPerWorker": "test/e2e/reload.test.ts: only hubs with workers have this limit",
  "limits.pendingBytes":
    "test/hub/backpressure.test.ts: publishers wait for a time that depends on the machine",
  "limits.subscriptionDeliveries": "test/presence/delivery-budget.test.ts: presence events wait for a second",
  "limits.token.remembered":
    "test/app/reload/reload.test.ts: shows only in CPU time, and a reload empties the cache",
};
