import { currentToken, detail, olderToken, signCurrent } from "../../support/token.js";
import {
  announced,
  freshTopic,
  inTurn,
  isLimited,
  last,
  manyFilters,
  opens,
  patterns,
  pollOf,
  stalled,
  storedOf,
} from "./actions.js";
import type { Probes } from "./probes.js";
import type { ReloadSite } from "./reload-site.js";

/** The address of a client behind a proxy. */
const remote = { "x-forwarded-for": "203.0.113.1" };
const proxy = { PHAROS_TRUSTED_PROXY: "127.0.0.1" };
const least = String(64 * 1024);
const long = "x".repeat(20);

const line = (topic: string | readonly string[]): string => `${JSON.stringify({ topic, data: "" })}\n`;

async function publishLines(site: ReloadSite, body: string): Promise<number> {
  const authorization = `Bearer ${await currentToken({ publish: ["*"] })}`;
  const headers = { authorization, "content-type": "application/x-ndjson" };
  return site.status("/publish", { method: "POST", headers, body });
}

const threeOf = (data: string) => (site: ReloadSite) =>
  storedOf(site, Array(3).fill(freshTopic()) as string[], data);

const large = "d".repeat(30 * 1024);

const status400 = { before: [200], after: [400] };
const token = (claims: Readonly<Record<string, unknown>>): Promise<string> => signCurrent({ claims });

async function revoke(site: ReloadSite, jti: string): Promise<Response> {
  const authorization = `Bearer ${await token({ pharos: { manage: ["revoke"] } })}`;
  const headers = { authorization, "content-type": "application/json" };
  return fetch(`${site.url}/revoke`, { method: "POST", headers, body: JSON.stringify({ jti }) });
}

export const limitProbes: Probes = {
  "limits.connections": {
    to: { PHAROS_LIMITS_CONNECTIONS: "1" },
    look: (site) => opens(site, ["/esupdates?topic=a", "/esupdates?topic=a"]),
    before: [200, 200],
    after: [503, 503],
  },
  "limits.connectionsPerAddress": {
    from: proxy,
    to: { PHAROS_LIMITS_CONNECTIONS_PER_ADDRESS: "3" },
    look: (site) => opens(site, ["/esupdates?topic=a", "/esupdates?topic=a"], remote),
    before: [200, 200],
    after: [200, 429],
  },
  "limits.connectionsPerLocalAddress": {
    to: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "3" },
    look: (site) => opens(site, ["/esupdates?topic=a", "/esupdates?topic=a"]),
    before: [200, 200],
    after: [200, 429],
  },
  "limits.requestsPerAddress": {
    from: { ...proxy, PHAROS_LIMITS_CONNECTIONS_PER_ADDRESS: "1" },
    to: { PHAROS_LIMITS_REQUESTS_PER_ADDRESS: "1" },
    look: (site) => isLimited(() => site.status("/poll?topic=a&wait=0", { headers: remote })),
    before: false,
    after: true,
  },
  "limits.requestsPerLocalAddress": {
    from: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "1" },
    to: { PHAROS_LIMITS_REQUESTS_PER_LOCAL_ADDRESS: "1" },
    look: (site) => isLimited(() => site.status("/poll?topic=a&wait=0")),
    before: false,
    after: true,
  },
  "limits.publishesPerAddress": {
    from: proxy,
    to: { PHAROS_LIMITS_PUBLISHES_PER_ADDRESS: "1" },
    look: (site) => isLimited(() => site.publish("a", { headers: remote })),
    before: false,
    after: true,
  },
  "limits.publishesPerLocalAddress": {
    to: { PHAROS_LIMITS_PUBLISHES_PER_LOCAL_ADDRESS: "1" },
    look: (site) => isLimited(() => site.publish("a")),
    before: false,
    after: true,
  },
  "limits.requestBytes": {
    to: { PHAROS_LIMITS_REQUEST_BYTES: least },
    look: (site) => site.publish("a", { data: "d".repeat(100_000) }),
    before: 200,
    after: 503,
  },
  "limits.topicBytes": {
    to: { PHAROS_LIMITS_TOPIC_BYTES: "16" },
    look: (site) => site.publish(long),
    before: 200,
    after: 413,
  },
  "limits.topicsPerPublication": {
    to: { PHAROS_LIMITS_TOPICS_PER_PUBLICATION: "1" },
    look: (site) => publishLines(site, line(["a", "b"])),
    before: 200,
    after: 413,
  },
  "limits.idBytes": {
    to: { PHAROS_LIMITS_ID_BYTES: "16" },
    look: (site) =>
      inTurn([
        () => site.publish("a", { headers: { "event-id": `${long}${freshTopic()}` } }),
        () => site.publish("a", { headers: { "idempotency-key": long } }),
      ]),
    before: [200, 200],
    after: [413, 400],
  },
  "limits.typeBytes": {
    to: { PHAROS_LIMITS_TYPE_BYTES: "16" },
    look: (site) => site.publish("a", { headers: { "event-type": long } }),
    before: 200,
    after: 413,
  },
  "limits.publicationsPerRequest": {
    to: { PHAROS_LIMITS_PUBLICATIONS_PER_REQUEST: "1" },
    look: (site) => publishLines(site, line("a").repeat(2)),
    before: 200,
    after: 413,
  },
  "limits.linesPerRequest": {
    to: { PHAROS_LIMITS_LINES_PER_REQUEST: "1" },
    look: (site) => publishLines(site, `\n${line("a")}`),
    before: 200,
    after: 413,
  },
  "limits.history.topicEvents": {
    to: { PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "2" },
    look: threeOf("x"),
    before: 3,
    after: 2,
  },
  "limits.history.topicBytes": {
    to: { PHAROS_LIMITS_HISTORY_TOPIC_BYTES: least },
    look: threeOf(large),
    before: 3,
    after: 2,
  },
  "limits.history.sharedBytes": {
    to: { PHAROS_LIMITS_HISTORY_SHARED_BYTES: least },
    look: async (site) => {
      await announced(site, 3);
      return site.figure("history_bytes") > Number(least);
    },
    before: true,
    after: false,
  },
  "limits.history.ageSeconds": {
    to: { PHAROS_LIMITS_HISTORY_AGE_SECONDS: "60" },
    look: async (site) => {
      const topics = [freshTopic()];
      const { position } = await pollOf(site, topics);
      await site.app.publish({ topics, data: "" });
      site.skip(120_000);
      await site.app.publish({ topics, data: "" });
      return (await pollOf(site, topics, position)).events.length;
    },
    before: 2,
    after: 1,
  },
  "limits.history.bytes": {
    to: { PHAROS_LIMITS_HISTORY_BYTES: least },
    look: (site) => storedOf(site, [freshTopic(), freshTopic(), freshTopic()], large),
    before: 3,
    after: 2,
  },
  "limits.history.topics": {
    to: { PHAROS_LIMITS_HISTORY_TOPICS: "2" },
    look: (site) => storedOf(site, [freshTopic(), freshTopic(), freshTopic()], "x"),
    before: 3,
    after: 2,
  },
  "limits.retained.bytes": {
    to: { PHAROS_LIMITS_RETAINED_BYTES: least },
    look: async (site) => {
      for (let count = 0; count < 3; count += 1)
        await site.app.publish({ topics: [freshTopic()], data: large, retain: true });
      return site.figure("retained_bytes") > Number(least);
    },
    before: true,
    after: false,
  },
  "limits.roundBytes": {
    to: { PHAROS_LIMITS_ROUND_BYTES: "4096" },
    look: threeOf("d".repeat(3000)),
    before: 3,
    after: 1,
  },
  "limits.roundWaitMs": {
    from: { PHAROS_LIMITS_ROUND_WAIT_MS: "60000" },
    to: { PHAROS_LIMITS_ROUND_WAIT_MS: "10" },
    look: (site, isReloaded) => {
      const before = site.figure("laggards_total");
      return stalled(site, isReloaded, () => site.figure("laggards_total") > before);
    },
    before: false,
    after: true,
  },
  "limits.stallSeconds": {
    from: { PHAROS_LIMITS_STALL_SECONDS: "86400" },
    to: { PHAROS_LIMITS_STALL_SECONDS: "1" },
    look: (site, isReloaded) => {
      const before = site.figure("connections_cut_total");
      return stalled(site, isReloaded, () => site.figure("connections_cut_total") > before);
    },
    before: false,
    after: true,
  },
  "limits.subscriptionBytes": {
    to: { PHAROS_LIMITS_SUBSCRIPTION_BYTES: least },
    look: async (site) => {
      await announced(site, 6);
      return (await site.open(manyFilters())).status;
    },
    before: 200,
    after: 503,
  },
  "limits.subscriptionListBytes": {
    to: { PHAROS_LIMITS_SUBSCRIPTION_LIST_BYTES: least },
    look: async (site) => {
      await announced(site, 6);
      const authorization = `Bearer ${await currentToken({ subscribe: ["*"] })}`;
      return site.status("/.well-known/mercure/subscriptions", { headers: { authorization } });
    },
    before: 200,
    after: 503,
  },
  "limits.filterBytes": {
    to: { PHAROS_LIMITS_FILTER_BYTES: "16" },
    look: (site) => opens(site, [`/esupdates?topic=${long}`]),
    ...status400,
  },
  "limits.filtersPerConnection": {
    to: { PHAROS_LIMITS_FILTERS_PER_CONNECTION: "1" },
    look: (site) => opens(site, ["/esupdates?topic=a&topic=b", "/.well-known/mercure?match=a&match=b"]),
    before: [200, 200],
    after: [400, 400],
  },
  "limits.filterBytesInAll": {
    to: { PHAROS_LIMITS_FILTER_BYTES_IN_ALL: least },
    look: (site) => opens(site, Array.from({ length: 6 }, manyFilters)).then(last),
    before: 200,
    after: 503,
  },
  "limits.filterLevels": {
    to: { PHAROS_LIMITS_FILTER_LEVELS: "1" },
    look: (site) =>
      opens(site, ["/esupdates?topic=a/%2B", `/esupdates?topic=${freshTopic()}/%2B`]).then(last),
    before: 200,
    after: 503,
  },
  "limits.filterMixtures": {
    to: { PHAROS_LIMITS_FILTER_MIXTURES: "1" },
    look: (site, isReloaded) =>
      opens(site, [isReloaded ? "/esupdates?topic=%2B/%2B/a" : "/esupdates?topic=a/%2B"]),
    ...status400,
  },
  "limits.filterPercentPerAddress": {
    from: {
      ...proxy,
      PHAROS_LIMITS_FILTER_BYTES_IN_ALL: "1000000",
      PHAROS_LIMITS_FILTER_PERCENT_PER_ADDRESS: "100",
    },
    to: { PHAROS_LIMITS_FILTER_PERCENT_PER_ADDRESS: "1" },
    look: (site) => opens(site, [manyFilters()], remote),
    before: [200],
    after: [429],
  },
  "limits.patterns.withoutPrefix": {
    to: { PHAROS_LIMITS_PATTERNS_WITHOUT_PREFIX: "1" },
    look: (site) =>
      opens(site, [
        patterns(
          (name) => `*://*/${name}/:x`,
          (name) => `*://*/${name}/:x/:y`,
        ),
      ]),
    ...status400,
  },
  "limits.patterns.alike": {
    to: { PHAROS_LIMITS_PATTERNS_ALIKE: "1" },
    look: (site) =>
      opens(site, [
        patterns(
          (name) => `https://a.example/x/:${name.replace("-", "")}`,
          (name) => `https://a.example/x/:x/${name}`,
        ),
      ]),
    ...status400,
  },
  "limits.patterns.expressions": {
    to: { PHAROS_LIMITS_PATTERNS_EXPRESSIONS: "1" },
    look: (site) =>
      opens(site, [
        patterns(
          (name) => `https://a.example/${name}(a+)`,
          (name) => `https://b.example/${name}(b+)`,
        ),
      ]),
    ...status400,
  },
  "limits.token.bytes": {
    to: { PHAROS_LIMITS_TOKEN_BYTES: "256" },
    look: (site) => site.publish("a"),
    before: 200,
    after: 401,
  },
  "limits.token.details": {
    to: { PHAROS_LIMITS_TOKEN_DETAILS: "1" },
    look: async (site) => {
      const authorization_details = [detail("publish", ["*"]), detail("publish", ["b"])];
      return site.publish("a", { token: await token({ authorization_details }) });
    },
    before: 200,
    after: 401,
  },
  "limits.token.topics": {
    to: { PHAROS_LIMITS_TOKEN_TOPICS: "1" },
    look: async (site) => site.publish("a", { token: await currentToken({ publish: ["a", "b"] }) }),
    before: 200,
    after: 401,
  },
  "limits.token.selectors": {
    to: { PHAROS_LIMITS_TOKEN_SELECTORS: "1" },
    look: async (site) => site.publish("a", { token: await olderToken({ publish: ["a", "b"] }) }),
    before: 200,
    after: 401,
  },
  "limits.token.revocationBytes": {
    to: { PHAROS_LIMITS_TOKEN_REVOCATION_BYTES: least },
    look: async (site) => (await revoke(site, freshTopic().padEnd(20_000))).status,
    before: 200,
    after: 503,
  },
  "limits.token.revocationSeconds": {
    to: { PHAROS_LIMITS_TOKEN_REVOCATION_SECONDS: "60" },
    look: async (site) => {
      const { until } = (await (await revoke(site, freshTopic())).json()) as { until: number };
      return until - Date.now() / 1000 < 100;
    },
    before: false,
    after: true,
  },
};
