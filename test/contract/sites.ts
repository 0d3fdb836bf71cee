import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { FrontName } from "./differences.js";
import { hubUrl, issuer, secret } from "../support/token.js";
import { startSite, type Site } from "./site.js";

/** The hubs that the parts of the contract share. */
export interface Contract {
  readonly front: FrontName;
  readonly journal: JournalKind;
  /** A hub with the default settings. All tests share this hub, and each test uses its own topics. */
  readonly site: () => Site;
  /**
   * A hub that allows pages of {@link allowedOrigin} and stores {@link keptPerTopic} publications per topic. The hub
   * sends a heartbeat every 0.2 s and `retry: 1500`, and serves clients of the push stream module.
   */
  readonly smallSite: () => Site;
  /**
   * A hub that accepts the tokens of test/support/token.ts and publishes subscription events. The hub allows pages of
   * {@link allowedOrigin}, and serves clients of the push stream module.
   */
  readonly mercureSite: () => Site;
}

/** The origin whose pages may read streams. */
export const allowedOrigin = "https://app.example";

/** The number of publications per topic that the small site stores. */
export const keptPerTopic = 8;

/** Where the hubs store publications. */
export type JournalKind = "memory" | "disk";

/** Starts the sites for the tests of the current `describe`. */
export function contractSites(front: FrontName, journal: JournalKind): Contract {
  let site: Site | undefined;
  let smallSite: Site | undefined;
  let mercureSite: Site | undefined;
  const ends: (() => void | Promise<void>)[] = [];
  const onEnd = (action: () => void | Promise<void>): void => void ends.unshift(action);
  // This hook is declared here, because a hook that another hook declares never runs.
  afterAll(async () => {
    for (const end of ends) await end();
  });
  beforeAll(async () => {
    site = await startSite(front, { settings: await journalSettings(journal, onEnd), onEnd });
    smallSite = await startSite(front, {
      settings: {
        ...(await journalSettings(journal, onEnd)),
        PHAROS_CORS_ORIGIN: allowedOrigin,
        PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: String(keptPerTopic),
        PHAROS_HEARTBEAT: "0.2",
        PHAROS_RETRY: "1500",
        PHAROS_PUSH_STREAM: "/",
      },
      onEnd,
    });
    mercureSite = await startSite(front, {
      settings: {
        ...(await journalSettings(journal, onEnd)),
        PHAROS_PUBLIC_URL: hubUrl,
        PHAROS_TOKEN_ISSUER: issuer,
        PHAROS_TOKEN_SECRET: secret,
        PHAROS_SUBSCRIPTIONS: "on",
        PHAROS_PUSH_STREAM: "/",
        PHAROS_CORS_ORIGIN: allowedOrigin,
      },
      onEnd,
    });
  });
  return {
    front,
    journal,
    site: () => started(site),
    smallSite: () => started(smallSite),
    mercureSite: () => started(mercureSite),
  };
}

/** The journal of one hub. A journal on disk has a folder of its own, removed at the end. */
async function journalSettings(
  kind: JournalKind,
  onEnd: (action: () => Promise<void>) => void,
): Promise<Readonly<Record<string, string>>> {
  if (kind === "memory") return {};
  const dir = await mkdtemp(join(tmpdir(), "pharos-journal-"));
  onEnd(() => rm(dir, { recursive: true }));
  return { PHAROS_JOURNAL: `disk:${dir}` };
}

function started(site: Site | undefined): Site {
  if (site === undefined) throw new Error("the hub has not been started");
  return site;
}
