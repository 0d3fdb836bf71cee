import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fronts, startEnvironment } from "../support/load/environment.js";
import { startLoadClients, type LoadGroup } from "../support/load/client.js";
import { grouped, printFigures, usageLine } from "../support/load/figures.js";
import { startProducer } from "../support/producer.js";

const waves = 5;
const perWave = 200;
const atOnce = 20;
const bytes = 60_000;
const within = 60_000;

// The kernel buffers 4 MB (68 messages) for a client that does not read. A stock server closes a client if 16 more
// messages wait for this client. With 75 messages, the buffer is full and only 7 messages wait, so the server closes no
// client.
const untilBlocked = 75;

/**
 * The effects of another client's bytes. Such bytes are a known fault of Mongrel2, so the test only prints the effects.
 */
const serverFault = ["foreign", "refused", "closed", "unreachable", "missed", "duplicates", "late"] as const;

/** The number of a server's connections whose clients leave over 1 MB unread in the kernel [proc(5), tcp]. */
function blocked(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return rows.filter((row) => {
    const [, address = "", , , queues = ""] = row.trim().split(/\s+/);
    return address.endsWith(local) && Number.parseInt(queues.split(":")[0] ?? "0", 16) > 1e6;
  }).length;
}

test.each(fronts)(
  "1,000 clients leave with deliveries blocked while 1,000 others come: %s",
  async (front) => {
    const environment = await startEnvironment({ front });
    const deaf = startLoadClients();
    const loadClients = startLoadClients();
    const topic = { topic: "blocked", stream: "blocked" };
    const follow = { port: environment.port, topics: ["blocked"], streams: ["blocked"] };
    const watch = await loadClients.open({ ...follow, name: "watch", clients: 1 });
    const idle = environment.usage();
    await startProducer({
      endpoint: environment.hub.ingest,
      topics: [{ topic: "other", stream: "other" }],
      pace: { kind: "rate", perSecond: 50 },
    });
    const comers: LoadGroup[] = [];
    let left = 0;
    for (let wave = 0; wave < waves; wave += 1) {
      const leave = await deaf.open({
        ...follow,
        name: `leave ${wave}`,
        clients: perWave,
        reading: { kind: "never" },
      });
      const firstSequence = 1 + wave * untilBlocked;
      const pace = { kind: "rate", perSecond: 25 } as const;
      await startProducer({
        endpoint: environment.hub.ingest,
        bytes,
        count: untilBlocked,
        firstSequence,
        topics: [topic],
        pace,
      });
      await watch.waitSequence({ atLeast: firstSequence + untilBlocked - 1, within });
      left += blocked(environment.port);
      const come = await loadClients.begin({
        name: `come ${wave}`,
        clients: perWave,
        port: environment.port,
        topics: ["other"],
        streams: ["other"],
        openAtOnce: atOnce,
        reconnect: { delayMs: 50, afterRefusal: true },
      });
      comers.push(come);
      for (let gone = 0; gone < perWave; gone += atOnce) {
        await leave.leave({ clients: atOnce, how: gone % (2 * atOnce) === 0 ? "reset" : "end" });
        await come.waitCount("opened", { atLeast: gone + atOnce, within });
      }
      const { highest } = await come.snapshot();
      await come.waitSequence({ atLeast: highest + 50, within });
    }
    const snapshots = await Promise.all(comers.map((group) => group.snapshot()));
    const sum = (name: "foreignClients" | "opened" | "closed" | "missed"): number =>
      snapshots.reduce((total, { counts }) => total + counts[name], 0);
    printFigures(`${front}: ${grouped(waves * perWave)} clients left with deliveries blocked, as many came`, [
      `connections blocked when their clients left: ${left} of ${waves * perWave}`,
      `new connections that received foreign bytes: ${sum("foreignClients")} of ${sum("opened")}`,
      `of the new connections ${sum("closed")} were closed; ${sum("missed")} events missed without a word`,
      ...snapshots.flatMap(({ foreign }) => foreign.slice(0, 1).map((text) => text.slice(0, 100))),
      usageLine(idle, environment.usage()),
    ]);
    expect(left).toBeGreaterThan(waves * perWave * 0.9);
    const faults = await Promise.all(
      comers.map((group) => group.faults(front === "http" ? [] : serverFault)),
    );
    expect(faults).toEqual(comers.map(() => ({})));
  },
);
