import { expect, it, onTestFinished } from "vitest";
import { startBeacon } from "../../src/app/lifecycle/beacon.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import { systemClock } from "../../src/app/system-clock.js";
import { silentLogger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { Authenticator } from "../../src/gateway/access/authenticator.js";
import { Publisher } from "../../src/gateway/publishing/publisher.js";
import type { GatewayPublisherOptions } from "../../src/gateway/publishing/publisher.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { defaultPublicationLimits } from "../../src/limits/publications.js";
import type { Publication } from "../../src/hub/publications/publication.js";
import { ZeroMqIngress } from "../../src/ingress/zeromq/zeromq-ingress.js";
import { parseSubscription, subscriptionsTopic } from "../../src/presence/documents.js";
import { soleNode } from "../../src/presence/presence-nodes.js";
import { Presence } from "../../src/presence/presence.js";
import type { Subscriber } from "../../src/presence/subscriber.js";
import { parseEndpoint } from "../../src/zeromq/endpoint.js";
import { openPush } from "../ingress/zeromq/open-ingress.js";
import { idOf, nameOf, testNode } from "../presence/subscriber-names.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { waitFor } from "../support/wait-for.js";
import { LaterJournal } from "./later-journal.js";

const epoch = parseEpoch("later");

class Fixture {
  readonly clock = new VirtualClock();
  readonly journal: LaterJournal;
  readonly published: Publication[] = [];
  presence: Presence | undefined;

  constructor() {
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    const { clock } = this;
    this.journal = new LaterJournal({
      epochs: EpochChain.of(epoch),
      clock,
      metrics: silentMetrics,
      presenceTopic: subscriptionsTopic,
    });
    this.journal.follow({
      apply: (entry) => {
        this.published.push(entry.publication);
        // In production the hub sets this number.
        entry.readers = 1;
        this.presence?.apply(entry);
      },
    });
  }

  get data(): readonly string[] {
    return this.published.map(({ data }) => data);
  }

  /** The presence events: `+a` for the start of subscriber a, `-a` for its end, or `gap`. */
  get told(): readonly string[] {
    return this.published.map(({ type, data }) => {
      if (type === "pharos-gap") return "gap";
      const { active, subscriber: id } = parseSubscription(data);
      return `${active ? "+" : "-"}${nameOf(id)}`;
    });
  }

  /** The names in the list of subscriptions. */
  get listed(): readonly string[] {
    return [...(this.presence?.active.all() ?? [])].map(({ document }) => nameOf(document.subscriber));
  }

  /** Resolves when this number of calls waits for the storage. */
  async waiting(calls: number): Promise<void> {
    const missing = (): string => `${calls} calls; ${this.journal.waiting} wait`;
    await waitFor(() => this.journal.waiting === calls, { within: 20_000, missing });
  }
}

function createPublisher(begin: GatewayPublisherOptions["begin"]): Publisher {
  return new Publisher({
    authenticator: new Authenticator({ verifier: undefined, anonymous: true, publishOrigins: [] }),
    begin,
    room: () => undefined,
    limits: defaultPublicationLimits,
    clock: systemClock,
    open: true,
  });
}

function publications(...data: readonly string[]): readonly Publication[] {
  return data.map((text) => parsePublication({ topics: ["a"], data: text }));
}

/** Presence that may deliver one event each second. */
function presenceOver(fixture: Fixture): Presence {
  const { journal, clock } = fixture;
  const nodes = soleNode(testNode);
  const presence = new Presence({
    nodes,
    journal,
    clock,
    metrics: silentMetrics,
    limits: { subscriptionDeliveries: 1 },
  });
  fixture.presence = presence;
  return presence;
}

function subscriber(id: string): Subscriber {
  return { id: idOf(id), matchers: [{ type: "exact", text: "a" }], payloadFor: () => undefined };
}

it("takes all publications of a request before the first is stored, and answers when all are", async () => {
  // One after the other, 1,000 lines needed 1,000 syncs of the disk: 918 ms instead of 20 ms.
  const fixture = new Fixture();
  const publisher = createPublisher(() => fixture.journal.begin());
  const answer = publisher.publish(publications("1", "2", "3"));
  await fixture.waiting(1);
  expect(fixture.data).toEqual([]);
  fixture.journal.store();
  expect(await answer).toEqual(["#later:1", "#later:2", "#later:3"]);
  expect(fixture.data).toEqual(["1", "2", "3"]);
});

it("refuses a request whose publications cannot be stored", async () => {
  const failed = new Error("the disk is full");
  const publisher = createPublisher(() => ({ add: () => undefined, commit: () => Promise.reject(failed) }));
  await expect(publisher.publish(publications("1", "2"))).rejects.toBe(failed);
});

it("stores what comes over ZeroMQ in its order", async () => {
  const fixture = new Fixture();
  const ingress = await ZeroMqIngress.open({
    endpoint: parseEndpoint("@tcp://127.0.0.1:0", "bind"),
    sink: {
      add: async (publication) => void (await fixture.journal.append(publication)),
      room: () => undefined,
    },
    clock: systemClock,
    logger: silentLogger,
    metrics: silentMetrics,
  });
  onTestFinished(() => {
    fixture.journal.store();
    return ingress.close();
  });
  const push = openPush(ingress.address);
  for (const data of ["1", "2", "3"]) await push.send(`data: ${data}`);
  await fixture.waiting(3);
  expect(fixture.data).toEqual([]);
  fixture.journal.store();
  expect(fixture.data).toEqual(["1", "2", "3"]);
});

it("stores the events of the beacon, and logs one that it cannot store", async () => {
  const fixture = new Fixture();
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (_fields: unknown, message: string) => void lines.push(message) };
  const timer = startBeacon({ seconds: 1, journal: fixture.journal, clock: fixture.clock, logger });
  fixture.clock.advance(1000);
  fixture.journal.store();
  timer.cancel();
  expect(fixture.data).toHaveLength(2);
  const failing = {
    append: () => Promise.reject(new Error("the disk is full")),
    roomOnceUp: () => undefined,
  };
  startBeacon({ seconds: 1, journal: failing, clock: fixture.clock, logger }).cancel();
  await waitFor(() => lines.length > 0, { within: 20_000, missing: "a log line" });
  expect(lines).toEqual(["a beacon event could not be stored"]);
});

it("publishes no beacon while the journal stores nothing", () => {
  const fixture = new Fixture();
  const journal = {
    append: () => {
      throw new Error("this event would wait in memory");
    },
    roomOnceUp: () => new Promise<void>(() => undefined),
  };
  const timer = startBeacon({ seconds: 1, journal, clock: fixture.clock, logger: silentLogger });
  fixture.clock.advance(10_000);
  timer.cancel();
  expect(fixture.data).toEqual([]);
});

it("stores presence events in order, and counts their deliveries when they are stored", async () => {
  const fixture = new Fixture();
  const { clock, journal } = fixture;
  const presence = presenceOver(fixture);
  const leave = presence.enter(subscriber("one"));
  clock.runEndOfTurn();
  expect(journal.waiting).toBe(1);
  leave();
  presence.enter(subscriber("two"));
  clock.advance(500);
  // The events of one turn must be stored before the next turn publishes.
  expect(journal.waiting).toBe(1);
  journal.store();
  await settled();
  clock.advance(1000);
  journal.store();
  await settled();
  clock.advance(1000);
  journal.store();
  expect(fixture.told).toEqual(["+one", "-one", "+two"]);
});

it("does not drop changes because the journal stored nothing for a while", async () => {
  const fixture = new Fixture();
  const { clock, journal } = fixture;
  const presence = presenceOver(fixture);
  presence.enter(subscriber("one"));
  clock.runEndOfTurn();
  presence.enter(subscriber("two"));
  clock.advance(60_000);
  journal.store();
  await settled();
  clock.advance(1000);
  journal.store();
  expect(fixture.told).toEqual(["+one", "+two"]);
});

it("lists dropped changes when the journal has stored them, before the gap", async () => {
  const fixture = new Fixture();
  const { clock, journal } = fixture;
  const presence = presenceOver(fixture);
  journal.keep(presence);
  const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
  for (const name of names.slice(0, 10)) presence.enter(subscriber(name));
  clock.runEndOfTurn();
  journal.store();
  await settled();
  // The ten events have used up the budget of the next nine seconds.
  for (const name of names.slice(10)) presence.enter(subscriber(name));
  clock.advance(3000);
  expect(fixture.listed).toEqual(names.slice(0, 10));
  journal.store();
  expect(fixture.told.slice(10)).toEqual(["gap"]);
  expect(fixture.listed).toEqual(names);
});

it("tells a gap when a presence event could not be stored", async () => {
  const clock = new VirtualClock();
  const types: (string | undefined)[] = [];
  const journal = {
    append: (publication: Publication) => {
      types.push(publication.type);
      return Promise.reject(new Error("the disk is full"));
    },
    note: () => Promise.reject(new Error("the disk is full")),
    evictAll: () => undefined,
  };
  const presence = new Presence({
    nodes: soleNode(testNode),
    journal,
    clock,
    metrics: silentMetrics,
    limits: { subscriptionDeliveries: 1000 },
  });
  presence.enter(subscriber("one"));
  clock.runEndOfTurn();
  await settled();
  clock.advance(1000);
  expect(types).toEqual(["mercure", "pharos-gap"]);
  await settled();
  presence.close();
});

/** Resolves when pending promise callbacks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
