import { expect, onTestFinished, test } from "vitest";
import { startHub } from "../support/hub-process.js";
import { fronts, startEnvironment } from "../support/load/environment.js";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, printFigures, usageLine } from "../support/load/figures.js";
import { measureAlternating, alternatingLines } from "../support/load/alternating.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { startProducer } from "../support/producer.js";

const within = 60_000;
const perSecond = 500;
const secondsPerTurn = 8;

test.each(fronts)("a slow topic costs a fast one beside it no delay: %s", async (front) => {
  const environment = await startEnvironment({ front });
  const loadClients = startLoadClients();
  const slowLoadClients = startLoadClients();
  const slowTopic = { topic: "slow", stream: "slow" };
  const fast = await loadClients.open({
    name: "fast",
    clients: 200,
    port: environment.port,
    topics: ["fast"],
    streams: ["fast"],
  });
  const idle = environment.usage();
  await startProducer({
    endpoint: environment.hub.ingest,
    topics: [{ topic: "fast", stream: "fast" }],
    pace: { kind: "rate", perSecond },
  });
  const lines: string[] = [];
  const delays = await measureAlternating({
    group: fast,
    publications: perSecond * secondsPerTurn,
    disturb: async () => {
      const slow = await slowLoadClients.open({
        name: `slow ${lines.length}`,
        clients: 100,
        port: environment.port,
        topics: ["slow"],
        streams: ["slow"],
        reading: { kind: "rate", bytesPerSecond: 50_000 },
        ...(front === "stock" ? { reconnect: { delayMs: 100 } } : {}),
      });
      const producer = await startProducer({
        endpoint: environment.hub.ingest,
        bytes: 2000,
        topics: [slowTopic],
        pace: { kind: "rate", perSecond },
      });
      return async () => {
        const { sent } = await producer.stop();
        lines.push(...groupLines([await slow.snapshot()]), `the slow topic took ${sent} publications`);
        expect(await slow.faults(front === "stock" ? ["closed"] : [])).toEqual({});
        await slow.leave();
      };
    },
  });
  printFigures(
    `${front}: 200 clients of a fast topic, with 100 slow clients of a topic at 1 MB/s beside it`,
    [
      ...alternatingLines(delays),
      ...groupLines([await fast.snapshot()]),
      ...lines,
      usageLine(idle, environment.usage()),
    ],
  );
  expect(await fast.faults()).toEqual({});
  expect(delays.disturbedP99).toBeLessThanOrEqual(2 * delays.baseP99);
});

test.each(["stock", "shipped"] as const)(
  "a stopped Mongrel2 costs a healthy one no delay: %s",
  async (mode) => {
    const servers = [await startMongrel2({ mode }), await startMongrel2({ mode })] as const;
    for (const server of servers) onTestFinished(() => server.stop());
    const [healthy, stopped] = servers;
    const hub = await startHub({
      http: "off",
      args: ["--state-dir", "off"],
      mongrel2: servers.map(
        ({ sendSpec, recvSpec, controlSpec }) => `${sendSpec},${recvSpec},${controlSpec}`,
      ),
    });
    const loadClients = startLoadClients();
    const other = startLoadClients();
    const group = await loadClients.open({ name: "healthy", clients: 200, port: healthy.port });
    await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond } });
    const lines: string[] = [];
    const delays = await measureAlternating({
      group,
      publications: perSecond * secondsPerTurn,
      disturb: async () => {
        const held = await other.open({ name: `held ${lines.length}`, clients: 200, port: stopped.port });
        stopped.signal("SIGSTOP");
        return async () => {
          const { highest } = await held.snapshot();
          stopped.signal("SIGCONT");
          const reached = (await group.snapshot()).highest;
          await held.waitSequence({ atLeast: reached, within });
          lines.push(`the stopped server's clients stood at ${highest} and came to ${reached}`);
          lines.push(...groupLines([await held.snapshot()]));
          expect(await held.faults()).toEqual({});
          await held.leave();
        };
      },
    });
    printFigures(`${mode}: 200 clients of a healthy Mongrel2, with one stopped beside it`, [
      ...alternatingLines(delays),
      ...groupLines([await group.snapshot()]),
      ...lines,
    ]);
    expect(await group.faults()).toEqual({});
    expect(delays.disturbedP99).toBeLessThanOrEqual(2 * delays.baseP99);
  },
);
