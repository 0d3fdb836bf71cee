import { describe, expect, it } from "vitest";
import type { Config } from "../../src/config/config.js";
import { loadConfig } from "../../src/config/load.js";
import { planReload } from "../../src/config/plan-reload.js";

const secret = "a secret of these tests, with more than 32 bytes";

function load(environment: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ environment });
}

describe("the plan of a reload", () => {
  it("is empty for the same settings", () => {
    expect(planReload(load(), load())).toEqual({ config: load(), changed: [], kept: [] });
  });

  it("changes a limit and keeps another one of the same table", () => {
    const given = load({ PHAROS_LIMITS_HISTORY_IDS: "5", PHAROS_LIMITS_HISTORY_TOPICS: "6" });
    const { config, changed, kept } = planReload(load(), given);
    expect(config.limits.history).toEqual({ ...load().limits.history, topics: 6 });
    expect(changed).toEqual([{ setting: "limits.history.topics", from: 100_000, to: 6 }]);
    expect(kept).toEqual([{ setting: "limits.history.ids", from: 100_000, to: 5 }]);
  });

  it("keeps a setting that is absent from one of both", () => {
    const [without, withNode] = [load(), load({ PHAROS_NODE: "one" })];
    expect(planReload(without, withNode).config).toEqual(without);
    expect(planReload(withNode, without).config).toEqual(withNode);
    expect(planReload(withNode, without).kept).toEqual([{ setting: "node", from: "one", to: null }]);
  });

  it("adds and removes a setting that changes", () => {
    const [without, withName] = [load(), load({ PHAROS_COOKIE_NAME: "session" })];
    expect(planReload(without, withName).config).toEqual(withName);
    expect(planReload(withName, without).config).toEqual(without);
  });

  it("changes neither of the two configurations", () => {
    const running = load();
    planReload(running, load({ PHAROS_WORKERS: "3", PHAROS_LIMITS_HISTORY_IDS: "5" }));
    expect(running).toEqual(load());
  });

  it("hides secrets, also inside of an issuer, and cuts long values", () => {
    const origins = Array.from({ length: 100 }, (_, index) => `https://${index}.example.org`).join(" ");
    const given = load({
      PHAROS_TOKEN_SECRET: secret,
      PHAROS_TOKEN_ISSUER: "https://issuer.example",
      PHAROS_CORS_ORIGIN: origins,
    });
    const { changed } = planReload(load(), given);
    expect(changed).toEqual([
      { setting: "corsOrigins", from: [], to: expect.stringMatching(/^.{500}…$/) },
      { setting: "tokens", from: [], to: [{ issuer: "https://issuer.example", secret: "(a secret)" }] },
    ]);
  });

  it("hides the URL of a JWK set whose query may have a secret", () => {
    const issued = (jwks: string): Config => load({ PHAROS_TOKEN_JWKS: jwks });
    const running = issued(`https://issuer.example/keys?key=${encodeURIComponent(secret)}`);
    expect(planReload(running, issued("https://issuer.example/keys")).changed).toEqual([
      { setting: "tokens", from: [{ jwks: "(a secret)" }], to: [{ jwks: "https://issuer.example/keys" }] },
    ]);
  });

  it("refuses values that do not go with the kept ones, and names the setting", () => {
    const running = load({ PHAROS_ADMIN: "0.0.0.0:8081", PHAROS_ADMIN_TOKEN: "a-token-of-operators" });
    const given = load({ PHAROS_ADMIN: "127.0.0.1:8081" });
    expect(() => planReload(running, given)).toThrow(
      expect.objectContaining({
        code: "bad-config",
        message: expect.stringMatching(/^admin: needs a restart to change, allowed: a loopback address/),
      }),
    );
  });
});
