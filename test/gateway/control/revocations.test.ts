import { expect, it, onTestFinished } from "vitest";
import type { Grants } from "../../../src/auth/grants/grants.js";
import { Revocations } from "../../../src/gateway/control/revocations.js";
import type { Revocation } from "../../../src/gateway/control/revocation.js";
import { RevokedTokens } from "../../../src/gateway/control/revoked-tokens.js";
import { TokenClients } from "../../../src/gateway/control/token-clients.js";
import { MetricsRegistry } from "../../../src/monitoring/metrics-registry.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const issuer = "https://issuer.example";

function grantsOf(fields: Partial<Grants>): Grants {
  return {
    form: "current",
    publish: [],
    mayPublish: false,
    subscribe: [],
    expiresAtMs: undefined,
    issuer,
    subject: undefined,
    payloadFor: () => undefined,
    ...fields,
  };
}

/** Two hubs that share a journal. The journal stores notes while it is up. */
class World {
  readonly clock = new VirtualClock();
  readonly metrics = new MetricsRegistry();
  readonly hubs: readonly Hub[];
  isUp = true;

  constructor(revocationBytes = 1024 * 1024) {
    this.hubs = [0, 1].map(() => new Hub(this, revocationBytes));
  }

  get untilMs(): number {
    return this.clock.now() + 60_000;
  }

  async commitNote(_part: string, value: unknown): Promise<void> {
    await Promise.resolve();
    if (!this.isUp) throw new Error("the journal is down");
    for (const { revocations } of this.hubs) revocations.note(JSON.parse(JSON.stringify(value)));
  }
}

class Hub {
  readonly revoked: RevokedTokens;
  readonly clients: TokenClients;
  readonly revocations: Revocations;

  constructor(world: World, revocationBytes: number) {
    const { clock, metrics } = world;
    this.revoked = new RevokedTokens({ clock, limits: { revocationBytes } });
    this.clients = new TokenClients({ metrics, revoked: this.revoked });
    const journal = { commitNote: world.commitNote.bind(world) };
    this.revocations = new Revocations({
      revoked: this.revoked,
      clients: this.clients,
      journal,
      clock,
      metrics,
    });
  }
}

function worldOf(revocationBytes?: number): { world: World; one: Hub; other: Hub } {
  const world = new World(revocationBytes);
  onTestFinished(() => expect(world.clock.timers).toBe(0));
  const [one, other] = world.hubs;
  if (one === undefined || other === undefined) throw new Error("there are two hubs");
  return { world, one, other };
}

const token = (value: string, untilMs: number, more: Partial<Revocation> = {}): Revocation => ({
  by: "token",
  value,
  untilMs,
  ...more,
});

it("refuses a token at all hubs until its end", async () => {
  const { world, one, other } = worldOf();
  await one.revocations.revoke(token("a", world.untilMs));
  for (const { revoked } of [one, other]) {
    expect(revoked.has(grantsOf({ tokenId: "a" }))).toBe(true);
    expect(revoked.has(grantsOf({ tokenId: "b" }))).toBe(false);
    // Not the subject of the same name, and no token without a name.
    expect(revoked.has(grantsOf({ subject: "a" }))).toBe(false);
    expect(revoked.sizes.count).toBe(1);
  }
  world.clock.advance(60_000);
  expect(one.revoked.has(grantsOf({ tokenId: "a" }))).toBe(false);
  expect(one.revoked.sizes).toEqual({ count: 0, bytes: 0 });
});

it("ends the streams of the tokens at all hubs, also of a WebSocket that was just renewing its token", async () => {
  const { world, one, other } = worldOf();
  const ended: string[] = [];
  const late: Grants[] = [];
  one.clients.polling(grantsOf({ tokenId: "a" }), () => ended.push("one"));
  other.clients.polling(grantsOf({ tokenId: "a" }), () => ended.push("other"));
  other.clients.polling(grantsOf({ tokenId: "b" }), () => ended.push("b"));
  one.clients.opening({ grants: () => late.at(-1), dialogue: {} })?.(() => ended.push("renewed"));
  expect(await one.revocations.revoke(token("a", world.untilMs))).toBe(1);
  expect(ended).toEqual(["one", "other"]);
  // The token was verified before the revocation.
  late.push(grantsOf({ tokenId: "a" }));
  world.clock.advance(0);
  expect(ended).toEqual(["one", "other", "renewed"]);
  expect(() => one.clients.opening({ grants: () => grantsOf({ tokenId: "a" }) })).toThrow(
    "the token is revoked",
  );
  expect(() => one.clients.polling(grantsOf({ tokenId: "a" }), () => undefined)).toThrow(
    "the token is revoked",
  );
});

it("takes the tokens of a subject by their time and their issuer; the wider of two revocations counts", async () => {
  const { world, one } = worldOf();
  const { untilMs } = world;
  const of = (beforeMs: number, more: Partial<Revocation> = {}): Revocation => ({
    by: "subject",
    value: "ada",
    beforeMs,
    untilMs,
    ...more,
  });
  const has = (issuedAtMs: number | undefined, from = issuer): boolean =>
    one.revoked.has(grantsOf({ subject: "ada", issuedAtMs, issuer: from }));
  await one.revocations.revoke(of(1000, { issuer }));
  expect([has(undefined), has(999), has(1000), has(1001), has(1, "other")]).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  await one.revocations.revoke(of(500));
  expect([has(1000), has(500, "other"), has(501, "other")]).toEqual([true, true, false]);
  await one.revocations.revoke(of(2000, { issuer, untilMs: untilMs - 50_000 }));
  world.clock.advance(20_000);
  expect([has(2000), has(2001)]).toEqual([true, false]);
});

it("stores nothing if the list is full, and says so; entries of other hubs and repeated ones have room", async () => {
  const { world, one, other } = worldOf(1000);
  const attempts = ["a", "b", "c"].map((value) => one.revocations.revoke(token(value, world.untilMs)));
  const results = await Promise.allSettled(attempts);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
  await expect(one.revocations.revoke(token("c", world.untilMs))).rejects.toMatchObject({
    code: "too-many-revocations",
    message: expect.stringContaining("limits.token.revocationBytes, 1000 bytes"),
  });
  expect(other.revoked.has(grantsOf({ tokenId: "c" }))).toBe(false);
  expect(await one.revocations.revoke(token("a", world.untilMs + 60_000))).toBe(0);
  one.revoked.add(token("from another hub", world.untilMs));
  expect(one.revoked.sizes.count).toBe(3);
  // All but one have ended.
  world.clock.advance(60_000);
  await one.revocations.revoke(token("c", world.untilMs));
  expect(one.revoked.all().map(({ value }) => value)).toEqual(["a", "c"]);
});

it("has the memory of a refused revocation back", async () => {
  const { world, one } = worldOf(400);
  world.isUp = false;
  for (let n = 0; n < 3; n += 1)
    await expect(one.revocations.revoke(token("a", world.untilMs))).rejects.toThrow("the journal is down");
  world.isUp = true;
  await one.revocations.revoke(token("a", world.untilMs));
  expect(one.revoked.has(grantsOf({ tokenId: "a" }))).toBe(true);
});

it("is in a snapshot, without what has ended", async () => {
  const { world, one } = worldOf();
  const lasting: Revocation = {
    by: "subject",
    value: "ada",
    issuer,
    beforeMs: 5,
    untilMs: world.untilMs + 1,
  };
  await one.revocations.revoke(lasting);
  await one.revocations.revoke(token("short", world.untilMs));
  world.clock.advance(60_000);
  const saved: unknown = JSON.parse(JSON.stringify(one.revocations.save()));
  const restarted = new Hub(world, 1000);
  for (const item of saved as readonly unknown[]) restarted.revocations.load(item);
  expect(restarted.revoked.all()).toEqual([lasting]);
  expect(restarted.revoked.sizes).toEqual(one.revoked.sizes);
});

it("does nothing for a token that has expired", async () => {
  const { world, one } = worldOf();
  expect(await one.revocations.revoke(token("a", world.clock.now()))).toBe(0);
  expect(one.revoked.sizes.count).toBe(0);
});
