import { afterAll, beforeAll } from "vitest";
import type { FrontName } from "./differences.js";
import { hubUrl, issuer, secret } from "../support/token.js";
import { startSite, type Site } from "./site.js";

/** What the sections of the contract work with. */
export interface Contract {
  readonly front: FrontName;
  /** A hub with the default settings, shared: tests keep apart by their topics. */
  readonly site: () => Site;
  /**
   * A hub that lets pages of {@link allowedOrigin} in, keeps {@link keptPerTopic} publications a topic, sends heartbeats
   * after 0.2 s, tells a retry time of 1.5 s, and has clients of the push stream module.
   */
  readonly smallSite: () => Site;
  /**
   * A hub that takes the tokens of test/support/token.ts, tells of subscriptions, lets pages of {@link allowedOrigin} in, and
   * has clients of the push stream module.
   */
  readonly mercureSite: () => Site;
}

/** The origin whose pages may read streams of the small site. */
export const allowedOrigin = "https://app.example";

/** What the small site keeps of a topic. */
export const keptPerTopic = 8;

/** Starts both sites for the tests of the present `describe`. */
export function contractSites(front: FrontName): Contract {
  let site: Site | undefined;
  let smallSite: Site | undefined;
  let mercureSite: Site | undefined;
  const ends: (() => void | Promise<void>)[] = [];
  const onEnd = (action: () => void | Promise<void>): void => void ends.unshift(action);
  // Declared here, since a hook that a hook declares never runs.
  afterAll(async () => {
    for (const end of ends) await end();
  });
  beforeAll(async () => {
    site = await startSite(front, { onEnd });
    smallSite = await startSite(front, {
      settings: {
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
    site: () => started(site),
    smallSite: () => started(smallSite),
    mercureSite: () => started(mercureSite),
  };
}

function started(site: Site | undefined): Site {
  if (site === undefined) throw new Error("the hub has not been started");
  return site;
}
