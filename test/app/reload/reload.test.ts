import { describe, expect, it } from "vitest";
import { limitSections } from "../../../src/config/limit-sections.js";
import { settings } from "../../../src/config/settings.js";
import { currentToken } from "../../support/token.js";
import { before } from "../../support/wait-for.js";
import { probes, shownElsewhere } from "./probes.js";
import { ReloadSite } from "./reload-site.js";

/** The names of all settings and limits that a reload changes. */
const declared = [
  ...settings.filter(({ reload }) => reload === true).map(({ key }) => key),
  ...Object.entries(limitSections).flatMap(([section, { isObject, limits }]) =>
    Object.entries(limits).flatMap(([name, { reload }]) =>
      reload === true ? [isObject ? `limits.${section}.${name}` : `limits.${name}`] : [],
    ),
  ),
];

describe("a reload changes", () => {
  it("every setting that is declared so, and each has a probe here", () => {
    const probed = [...Object.keys(probes), ...Object.keys(shownElsewhere)];
    expect(probed.sort()).toEqual([...declared].sort());
  });

  it.each(Object.entries(probes))("%s", async (_name, probe) => {
    const site = await ReloadSite.start(probe.from);
    expect(await probe.look(site, false), "before the reload").toEqual(probe.before);
    expect(site.reload(probe.to), "the configuration after the reload").toBeDefined();
    expect(await probe.look(site, true), "after the reload").toEqual(probe.after);
  });
});

describe("a reload", () => {
  it("logs the changed settings with both values, and hides secrets", async () => {
    const site = await ReloadSite.start({ PHAROS_RETRY: "1000" });
    const token = "a-token-for-operators";
    site.reload({ PHAROS_RETRY: "2000", PHAROS_ADMIN_TOKEN: token, PHAROS_LIMITS_HISTORY_TOPICS: "7" });
    const line = site.lines.find(({ msg }) => String(msg).startsWith("the configuration is loaded again"));
    expect(line?.["changed"]).toEqual([
      { setting: "retryMs", from: 1000, to: 2000 },
      { setting: "adminToken", from: null, to: "(a secret)" },
      { setting: "limits.history.topics", from: 100_000, to: 7 },
    ]);
    expect(JSON.stringify(site.lines)).not.toContain(token);
  });

  it("names and keeps what needs a restart, and applies the rest", async () => {
    const site = await ReloadSite.start();
    const config = site.reload({
      PHAROS_WORKERS: "2",
      PHAROS_LIMITS_DATA_BYTES: "5",
      PHAROS_LIMITS_TOPIC_BYTES: "16",
    });
    const line = site.lines.find(({ msg }) => String(msg).startsWith("these settings need a restart"));
    expect(line?.["kept"]).toEqual([
      { setting: "workers", from: 0, to: 2 },
      { setting: "limits.dataBytes", from: 1_048_576, to: 5 },
    ]);
    expect([config?.workers, config?.limits.dataBytes, config?.limits.topicBytes]).toEqual([
      0, 1_048_576, 16,
    ]);
    expect(await site.publish("a", { data: "more than 5 bytes" })).toBe(200);
    expect(await site.publish("a-topic-of-20-bytes-")).toBe(413);
  });

  it("with a fault changes nothing, and logs each fault", async () => {
    const site = await ReloadSite.start();
    const config = site.reload({
      PHAROS_RETRY: "soon",
      PHAROS_CORS_ORIGIN: "no origin",
      PHAROS_LIMITS_TOPIC_BYTES: "16",
    });
    expect(config).toBeUndefined();
    const line = site.lines.find(({ level }) => level === "error");
    expect(line?.["faults"]).toEqual([
      expect.stringMatching(/^PHAROS_CORS_ORIGIN: /),
      expect.stringMatching(/^PHAROS_RETRY: given "soon", allowed: /),
    ]);
    expect(await site.publish("a-topic-of-20-bytes-")).toBe(200);
  });

  it("with a key that cannot be read changes nothing", async () => {
    const site = await ReloadSite.start();
    expect(
      site.reload({ PHAROS_TOKEN_KEY: "/nowhere.pem", PHAROS_LIMITS_TOPIC_BYTES: "16" }),
    ).toBeUndefined();
    expect(site.lines.at(-1)).toMatchObject({
      level: "error",
      faults: [expect.stringContaining("/nowhere.pem")],
    });
    expect(await site.publish("a-topic-of-20-bytes-"), "the earlier keys and limits").toBe(200);
  });

  it("refuses values that do not go with those that need a restart", async () => {
    const site = await ReloadSite.start({
      PHAROS_ADMIN: "0.0.0.0:0",
      PHAROS_ADMIN_TOKEN: "a-token-for-operators",
    });
    // Valid alone, but the admin address stays open to all machines.
    const config = site.reload({ PHAROS_ADMIN: "127.0.0.1:0", PHAROS_ADMIN_TOKEN: "" });
    expect(config).toBeUndefined();
    expect(site.lines.at(-1)?.["faults"]).toEqual([
      expect.stringMatching(/^admin: needs a restart to change/),
    ]);
    const { port } = new URL(site.app.ready.admin ?? "");
    expect((await fetch(`http://127.0.0.1:${port}/stats`)).status).toBe(401);
  });

  it("keeps open streams and their rights, also of a removed key and of a removed origin", async () => {
    const origin = "https://app.example.org";
    const site = await ReloadSite.start({ PHAROS_CORS_ORIGIN: origin });
    const authorization = `Bearer ${await currentToken({ subscribe: ["a"] })}`;
    const stream = await site.open("/esupdates?topic=a", { authorization, origin });
    site.reload({
      PHAROS_CORS_ORIGIN: "",
      PHAROS_TOKEN_SECRET: "another secret of these tests, more than 32 bytes",
      PHAROS_LIMITS_CONNECTIONS: "1",
      PHAROS_LIMITS_FILTERS_PER_CONNECTION: "1",
    });
    expect((await site.open("/esupdates?topic=a", { authorization })).status, "a new stream").toBe(401);
    await site.app.publish({ topics: ["a"], data: "for the token", private: true });
    expect(await before(textUntil(stream, "for the token"), { within: 30_000, missing: "the event" })).toBe(
      true,
    );
  });

  it("gives heartbeats of the new interval on open streams", async () => {
    const site = await ReloadSite.start({ PHAROS_HEARTBEAT: "3600" });
    const stream = await site.open("/esupdates?topic=a");
    site.reload({ PHAROS_HEARTBEAT: "0.05" });
    const beats = textUntil(stream, "\n:\n");
    expect(await before(beats, { within: 30_000, missing: "a heartbeat" })).toBe(true);
  });

  it("without a configuration reads the keys again, and changes no setting", async () => {
    const site = await ReloadSite.start();
    expect(site.app.reload()).toMatchObject({ changed: [], kept: [] });
  });

  it("refuses what is no configuration", async () => {
    const site = await ReloadSite.start();
    expect(() => site.app.reload(Object({ http: "off" }))).toThrow(
      "reload needs a configuration that loadConfig returned",
    );
  });
});

/** Reads the stream until it has this text. */
async function textUntil(response: Response, text: string): Promise<boolean> {
  let seen = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    seen += decoder.decode(bytes, { stream: true });
    if (seen.includes(text)) return true;
  }
  return false;
}
