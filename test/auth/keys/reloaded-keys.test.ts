import { describe, expect, it } from "vitest";

import { ec, issuer, jwk, sign, World, type KeyPair } from "../world.js";
import { IssuerServer } from "./issuer-server.js";

const [first, second] = [ec("P-256"), ec("P-256")];

function setOf(pair: KeyPair, kid: string): string {
  return JSON.stringify({ keys: [jwk(pair, { kid })] });
}

function signedBy(pair: KeyPair, kid: string): Promise<string> {
  return sign({ header: { alg: "ES256", kid }, key: pair.privateKey });
}

describe("keys behind a URL, after a reload", () => {
  async function reloaded(server: IssuerServer, change: object = {}): Promise<World> {
    server.text(setOf(first, "1"));
    const settings = { issuer, jwks: await server.start() };
    const before = new World({ issuers: [settings] });
    expect(await before.verify(await signedBy(first, "1"))).toMatchObject({ ok: true });
    return new World({ issuers: [{ ...settings, ...change }], earlier: before.verifier });
  }

  it("stay in use while the issuer does not answer, also after a second reload", async () => {
    // Bug: the hub refused all tokens of the issuer until the issuer answered.
    const server = new IssuerServer();
    const hub = await reloaded(server);
    server.text("away", 503);
    const again = new World({ issuers: [{ issuer, jwks: server.url }], earlier: hub.verifier });
    for (const each of [hub, again]) {
      expect(await each.verify(await signedBy(first, "1"))).toMatchObject({ ok: true });
      expect(each.log).toMatchObject([{ message: expect.stringContaining("the known keys stay in use") }]);
    }
  });

  it("are those that the first token waits for, if the issuer answers", async () => {
    const server = new IssuerServer();
    const hub = await reloaded(server);
    server.text(setOf(second, "2"));
    expect(await hub.refusal(await signedBy(first, "1"))).toContain("which the issuer does not have");
    expect(await hub.verify(await signedBy(second, "2"))).toMatchObject({ ok: true });
    expect(server.asked).toBe(2);
  });

  it("are unknown for changed settings of the issuer", async () => {
    const server = new IssuerServer();
    const hub = await reloaded(server, { algorithms: ["ES256"] });
    server.text("away", 503);
    expect(await hub.verify(await signedBy(first, "1"))).toMatchObject({ ok: false });
  });
});
