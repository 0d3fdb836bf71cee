import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentToken, detail, secret, signCurrent } from "../../support/token.js";
import { waitFor } from "../../support/wait-for.js";
import { atTestEnd } from "../../support/on-end.js";
import type { Probes } from "./probes.js";
import type { ReloadSite } from "./reload-site.js";

const origin = "https://app.example.org";
const otherSecret = "another secret of these tests, more than 32 bytes";
const publishes = [detail("publish", ["*"])];
const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
const jwks = JSON.stringify({ keys: [pair.publicKey.export({ format: "jwk" })] });

/** Publishes with a token of the key pair. */
async function publishWithPair(site: ReloadSite): Promise<number> {
  const claims = { authorization_details: publishes };
  const token = await signCurrent({ claims, header: { alg: "ES256" }, key: pair.privateKey });
  return site.publish("a", { token });
}

async function publishWithCookie(site: ReloadSite, name: string): Promise<number> {
  const cookie = `${name}=${await currentToken({ publish: ["*"] })}`;
  return site.status("/publish/a", { method: "POST", headers: { cookie, origin }, body: "x" });
}

/** The part of a stream up to its first event. */
async function openingOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  void reader?.cancel();
  return Buffer.from(value ?? []).toString();
}

async function codingOf(site: ReloadSite, token?: string): Promise<string | null> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const accepts = { accept: "text/event-stream", "accept-encoding": "gzip" };
  const response = await site.open("/esupdates?topic=a", { ...accepts, ...authorization });
  return response.headers.get("content-encoding");
}

/** True if a new stream ends within an hour, and false if it gets a heartbeat after this hour. */
async function endsInTime(site: ReloadSite): Promise<boolean> {
  const response = await site.open("/esupdates?topic=a");
  await waitFor(() => site.figure("connections") > 0, { within: 30_000, missing: "the stream" });
  site.skip(3_600_000);
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.includes("\n:\n")) return false;
  }
  return true;
}

function fileOf(name: string, content: string): string {
  const dir = mkdtempSync(join(tmpdir(), "pharos-reload-"));
  atTestEnd(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, name);
  writeFileSync(file, content);
  return file;
}

export const settingProbes: Probes = {
  trustedProxies: {
    to: { PHAROS_TRUSTED_PROXY: "127.0.0.1" },
    look: async (site) => {
      await site.status("/nothing", { headers: { "x-forwarded-for": "203.0.113.1" } });
      return site.lines.findLast(({ code }) => code === "not-found")?.["client"];
    },
    before: "127.0.0.1",
    after: "203.0.113.1",
  },
  corsOrigins: {
    to: { PHAROS_CORS_ORIGIN: origin },
    look: async (site) =>
      (await fetch(`${site.url}/healthz`, { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      ),
    before: null,
    after: origin,
  },
  open: {
    to: { PHAROS_OPEN: "on" },
    look: (site) => site.status("/publish/a", { method: "POST", body: "x" }),
    before: 401,
    after: 200,
  },
  publishOrigins: {
    to: { PHAROS_PUBLISH_ORIGIN: origin },
    look: (site) => publishWithCookie(site, "mercureAuthorization"),
    before: 403,
    after: 200,
  },
  beaconSeconds: {
    to: { PHAROS_BEACON: "3600" },
    look: (site) => site.figure("publications_total"),
    before: 0,
    after: 1,
  },
  heartbeatSeconds: {
    from: { PHAROS_HEARTBEAT: "3600" },
    to: { PHAROS_HEARTBEAT: "20" },
    look: async (site) =>
      /^heartbeat: (\d+)$/m.exec(await openingOf(await site.open("/esupdates?topic=a&show=topics")))?.[1],
    before: "3600000",
    after: "20000",
  },
  maxStreamAgeSeconds: {
    to: { PHAROS_MAX_STREAM_AGE: "3600" },
    look: endsInTime,
    before: false,
    after: true,
  },
  retryMs: {
    from: { PHAROS_RETRY: "1000" },
    to: { PHAROS_RETRY: "100000" },
    look: async (site) => {
      const opening = await openingOf(await site.open("/esupdates?topic=a"));
      return Number(/^retry: ?(\d+)$/m.exec(opening)?.[1]) >= 100_000;
    },
    before: false,
    after: true,
  },
  compress: {
    to: { PHAROS_COMPRESS: "off" },
    look: (site) => codingOf(site),
    before: "gzip",
    after: null,
  },
  compressPrivate: {
    to: { PHAROS_COMPRESS_PRIVATE: "on" },
    look: async (site) => codingOf(site, await currentToken({ subscribe: ["*"] })),
    before: null,
    after: "gzip",
  },
  anonymous: {
    to: { PHAROS_ANONYMOUS: "off" },
    look: async (site) => (await site.open("/esupdates?topic=a")).status,
    before: 200,
    after: 401,
  },
  tokenIssuer: {
    to: { PHAROS_TOKEN_ISSUER: "https://other.example" },
    look: async (site) => {
      const claims = { iss: "https://other.example", authorization_details: publishes };
      return [await site.publish("a", { token: await signCurrent({ claims }) }), await site.publish("a")];
    },
    before: [401, 200],
    after: [200, 401],
  },
  tokenKey: {
    get to() {
      return { PHAROS_TOKEN_KEY: fileOf("key.pem", pem) };
    },
    look: publishWithPair,
    before: 401,
    after: 200,
  },
  tokenJwks: {
    get to() {
      return { PHAROS_TOKEN_JWKS: fileOf("jwks.json", jwks) };
    },
    look: publishWithPair,
    before: 401,
    after: 200,
  },
  tokenSecret: {
    to: { PHAROS_TOKEN_SECRET: otherSecret },
    look: async (site) => {
      const claims = { authorization_details: publishes };
      const [old, other] = [secret, otherSecret].map((key) => signCurrent({ claims, key: Buffer.from(key) }));
      return [
        await site.publish("a", { token: (await old) ?? "" }),
        await site.publish("a", { token: (await other) ?? "" }),
      ];
    },
    before: [200, 401],
    after: [401, 200],
  },
  tokenLeeway: {
    to: { PHAROS_TOKEN_LEEWAY: "60" },
    look: async (site) =>
      site.publish("a", { token: await currentToken({ publish: ["*"], lifetimeSeconds: -5 }) }),
    before: 401,
    after: 200,
  },
  cookieName: {
    from: { PHAROS_PUBLISH_ORIGIN: origin },
    to: { PHAROS_COOKIE_NAME: "session" },
    look: async (site) => [
      await publishWithCookie(site, "mercureAuthorization"),
      await publishWithCookie(site, "session"),
    ],
    before: [200, 401],
    after: [401, 200],
  },
  adminToken: {
    to: { PHAROS_ADMIN_TOKEN: "a-token-for-operators" },
    look: async (site) => (await fetch(new URL("/stats", site.app.ready.admin))).status,
    before: 200,
    after: 401,
  },
  logLevel: {
    to: { PHAROS_LOG_LEVEL: "debug" },
    look: ({ logger }) => logger.level,
    before: "info",
    after: "debug",
  },
};
