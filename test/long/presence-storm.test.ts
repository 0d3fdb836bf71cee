import { expect, test } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { fronts, startEnvironment } from "../support/load/environment.js";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, grouped, printFigures, usageLine } from "../support/load/figures.js";
import { startProducer } from "../support/producer.js";
import { hubUrl, issuer, olderToken, secret } from "../support/token.js";

const watchers = 10_000;
const deliveriesPerSecond = 100_000;
const count = 100;

test.each(fronts)(
  "10,000 streams that all watch each other open; each is served in time and gets events or gaps: %s",
  async (front) => {
    const environment = await startEnvironment({
      front,
      maxFd: 44_000,
      args: ["--subscriptions", "--public-url", hubUrl, "--token-issuer", issuer],
      env: { PHAROS_TOKEN_SECRET: secret },
    });
    const within = 90_000;
    const idle = environment.usage();
    const headers = { Authorization: `Bearer ${await olderToken({ subscribe: ["*"] })}` };
    const loadClients = startLoadClients();
    const startedMs = Date.now();
    const all = { path: mercurePath, topics: ["*"], headers, port: environment.port, others: true };
    const group = await loadClients.open({ name: "watchers", clients: watchers, ...all }, { within });
    const openedMs = Date.now();
    await group.waitCount("gaps", { atLeast: watchers / 2, within });
    const opened = await group.snapshot();

    const producer = await startProducer({
      endpoint: environment.hub.ingest,
      count,
      pace: { kind: "rate", perSecond: 10 },
    });
    await producer.done({ within });
    await group.waitSequence({ atLeast: count, within });
    // The storm is over now. One more subscription must reach every watcher.
    const before = (await group.snapshot()).counts.others;
    await loadClients.open({ name: "one more", clients: 1, ...all, topics: ["alone"] }, { within });
    await group.waitCount("others", { atLeast: before + watchers, within });

    const list = await fetch(`http://127.0.0.1:${environment.port}${mercurePath}/subscriptions`, { headers });
    const text = await list.text();
    const { subscriptions } = JSON.parse(text) as { subscriptions: readonly unknown[] };
    const snapshot = await group.snapshot();
    const usage = environment.usage();
    const figures = await environment.stopForFigures();
    printFigures(`${front}: ${grouped(watchers)} streams open, each of which watches all of them`, [
      `opened in ${((openedMs - startedMs) / 1000).toFixed(1)} s; by then ${grouped(opened.counts.others)} events and ` +
        `${grouped(opened.counts.gaps)} gaps were told, of ${grouped((watchers * watchers) / 2)} events without a limit`,
      `events told ${grouped(figures["subscription_events_total"] ?? 0)}, lost and told as gaps ${grouped(figures["subscription_events_lost_total"] ?? 0)}`,
      `the list of all: ${grouped(subscriptions.length)} subscriptions, ${grouped(text.length)} bytes`,
      ...groupLines([snapshot]),
      usageLine(idle, usage),
    ]);
    const none = { closed: 0, refused: 0, missed: 0, duplicates: 0, foreign: 0 };
    expect(snapshot.counts).toMatchObject({ open: watchers, events: watchers * count, ...none });
    expect(subscriptions).toHaveLength(watchers + 1);
    const seconds = (openedMs - startedMs) / 1000;
    // The hub sends an event while any budget is left, so each second may exceed the budget by one event.
    expect(opened.counts.others).toBeLessThan((seconds + 5) * (deliveriesPerSecond + watchers));
  },
);
