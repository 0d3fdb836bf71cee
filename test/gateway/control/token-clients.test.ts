import { expect, it } from "vitest";
import type { Grants } from "../../../src/auth/grants/grants.js";
import { Disconnects } from "../../../src/gateway/control/disconnects.js";
import { TokenClients } from "../../../src/gateway/control/token-clients.js";
import { MetricsRegistry } from "../../../src/monitoring/metrics-registry.js";

function grantsOf(subject: string | undefined, issuer = "https://issuer.example"): Grants {
  return {
    form: "current",
    publish: [],
    mayPublish: false,
    subscribe: [],
    expiresAtMs: undefined,
    issuer,
    subject,
    payloadFor: () => undefined,
  };
}

/** A hub with its clients, over a journal that two hubs may share. */
function hub(): {
  clients: TokenClients;
  metrics: MetricsRegistry;
  disconnects: (journal: Disconnects[]) => Disconnects;
} {
  const metrics = new MetricsRegistry();
  const clients = new TokenClients({ metrics, revoked: { check: () => undefined } });
  const disconnects = (all: Disconnects[]): Disconnects => {
    const commitNote = (_part: string, value: unknown): void => {
      // As through a log.
      for (const each of all) each.note(JSON.parse(JSON.stringify(value)));
    };
    const part = new Disconnects({ clients, journal: { commitNote } });
    all.push(part);
    return part;
  };
  return { clients, metrics, disconnects };
}

it("ends the clients of a subject at all hubs, and counts those of its own", async () => {
  const journal: Disconnects[] = [];
  const [one, other] = [hub(), hub()];
  const parts = [one.disconnects(journal), other.disconnects(journal)];
  const ended: string[] = [];
  for (const [name, { clients }] of Object.entries({ one, other }))
    for (const subject of ["ada", "ada", "bob", undefined])
      clients.polling(grantsOf(subject), () => void ended.push(`${name}:${subject}`));
  expect(await parts[0]?.disconnect({ subject: "ada" })).toBe(2);
  expect(ended).toEqual(["one:ada", "one:ada", "other:ada", "other:ada"]);
  expect(one.metrics.snapshot()).toMatchObject({ "connections_cut_total{reason=disconnected}": 2 });
  expect(await parts[1]?.disconnect({ subject: "nobody" })).toBe(0);
});

it("selects by the issuer, too", async () => {
  const { clients, disconnects } = hub();
  const part = disconnects([]);
  clients.polling(grantsOf("ada", "https://a.example"), () => undefined);
  clients.polling(grantsOf("ada", "https://b.example"), () => undefined);
  expect(await part.disconnect({ subject: "ada", issuer: "https://b.example" })).toBe(1);
  expect(await part.disconnect({ subject: "ada" })).toBe(1);
});

it("forgets a client that has left, also while it ends the clients", () => {
  const { clients } = hub();
  const leave = clients.polling(grantsOf("ada"), () => leave());
  const grants = (): Grants => grantsOf("ada");
  const left = clients.opening({ grants })?.(() => left?.("disconnected"));
  expect(clients.end(() => true, "disconnected")).toBe(2);
  expect(clients.end(() => true, "disconnected")).toBe(0);
});

it("knows a WebSocket without a token, which may get one, but no other stream without a token", () => {
  const { clients } = hub();
  const tokens: Grants[] = [];
  const grants = (): Grants | undefined => tokens.at(-1);
  expect(clients.opening({})).toBeUndefined();
  expect(clients.opening({ grants })).toBeUndefined();
  clients.opening({ grants, dialogue: {} })?.(() => undefined);
  expect(clients.end(() => true, "disconnected")).toBe(0);
  tokens.push(grantsOf("ada"));
  expect(clients.end(() => true, "disconnected")).toBe(1);
});
