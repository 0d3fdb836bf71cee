import { describe, expect, it, onTestFinished } from "vitest";
import { again, linkTo, startHubBehind, waitForLink } from "../support/mongrel2-hub.js";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { startMongrel2, type Mongrel2Server } from "../support/mongrel2-server.js";
import { lastSequence, startProducer } from "../support/producer.js";

const clients = 100;
const perSecond = 200;
const stoppedMs = 10_000;
/** The sum of four times: 3 s to settle, 2 s for streams, 5 s for the link, and 2 s for the processes to end. */
const stopWithinMs = 12_000;

async function server(mode: "shipped" | "stock"): Promise<Mongrel2Server> {
  const started = await startMongrel2({ mode });
  onTestFinished(() => started.stop());
  return started;
}

async function healthMs(url: string): Promise<number> {
  const begin = performance.now();
  await (await fetch(`${url}/healthz`)).text();
  return performance.now() - begin;
}

describe.each(["shipped", "stock"] as const)(
  "one Mongrel2 (%s) that is stopped beside a healthy one",
  (mode) => {
    it("loses nothing, and its link recovers, while the healthy one keeps its delay", async () => {
      const [stopped, healthy] = [await server(mode), await server(mode)];
      const hub = await startHubBehind({ mongrel2: [linkTo(stopped), linkTo(healthy)] });
      const loadClients = startLoadClients();
      const slow = await loadClients.open({ name: "stopped", clients, port: stopped.port, firstSequence: 1 });
      const fast = await loadClients.open({ name: "healthy", clients, port: healthy.port, firstSequence: 1 });
      const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond } });
      await fast.waitSequence({ atLeast: 5 * perSecond, within: 30_000 });
      const calm = (await fast.snapshot()).delays;
      await fast.resetDelays();
      stopped.signal("SIGSTOP");
      const stoppedAt = performance.now();
      await waitForLink(hub, { link: 1, state: "stuck", within: 10_000 });
      const stuckAfter = performance.now() - stoppedAt;
      const health: number[] = [];
      while (performance.now() - stoppedAt < stoppedMs) {
        health.push(await healthMs(hub.httpUrl));
        const sent = lastSequence(await producer.state());
        await fast.waitSequence({ atLeast: sent + perSecond / 4, within: 10_000 });
      }
      const during = (await fast.snapshot()).delays;
      const continuedAt = performance.now();
      stopped.signal("SIGCONT");
      await waitForLink(hub, { link: 1, state: "up", within: 60_000 });
      const upAfter = performance.now() - continuedAt;
      const sent = lastSequence(await producer.state());
      await slow.waitSequence({ atLeast: sent, within: 60_000 });
      const caughtUp = performance.now() - continuedAt;
      const last = lastSequence(await producer.stop()) - 1;
      await Promise.all([slow, fast].map((group) => group.waitSequence({ atLeast: last, within: 30_000 })));
      printFigures(
        `One of two Mongrel2 (${mode}) stopped for ${stoppedMs / 1000} s, ${perSecond} publications/s`,
        [
          `stuck after ${stuckAfter.toFixed(0)} ms; up ${upAfter.toFixed(0)} ms and caught up ${caughtUp.toFixed(0)} ms after it went on`,
          `healthy beside it: p50 ${calm.p50.toFixed(1)} p99 ${calm.p99.toFixed(1)} ms before, p50 ${during.p50.toFixed(1)} p99 ${during.p99.toFixed(1)} ms meanwhile`,
          `health answered in ${Math.max(...health).toFixed(0)} ms at most, ${health.length} times`,
          ...groupLines([await slow.snapshot(), await fast.snapshot()]),
        ],
      );
      expect(await slow.faults()).toEqual({});
      expect(await fast.faults()).toEqual({});
      expect(Math.max(...health)).toBeLessThan(1000);
    });

    it("does not delay an orderly stop, and the next start disconnects the clients that it held", async () => {
      const [stopped, healthy] = [await server(mode), await server(mode)];
      const hub = await startHubBehind({ mongrel2: [linkTo(stopped), linkTo(healthy)] });
      const loadClients = startLoadClients();
      const slow = await loadClients.open({ name: "stopped", clients, port: stopped.port });
      const fast = await loadClients.open({ name: "healthy", clients, port: healthy.port });
      const producer = await startProducer({ endpoint: hub.ingest, pace: { kind: "rate", perSecond } });
      await fast.waitSequence({ atLeast: perSecond, within: 30_000 });
      stopped.signal("SIGSTOP");
      await waitForLink(hub, { link: 1, state: "stuck", within: 10_000 });
      const begin = performance.now();
      const exit = await hub.stop({ within: 30_000 });
      const took = performance.now() - begin;
      await fast.waitCount("closed", { atLeast: clients, within: 5000 });
      await producer.stop();
      expect((await slow.snapshot()).counts.closed).toBe(0);
      stopped.signal("SIGCONT");
      await startHubBehind({ ...again(hub), mongrel2: [linkTo(stopped), linkTo(healthy)] });
      await slow.waitCount("closed", { atLeast: clients, within: 60_000 });
      printFigures(`Orderly stop while one of two Mongrel2 (${mode}) is stopped`, [
        `ended after ${took.toFixed(0)} ms with code ${exit.code}`,
        ...groupLines([await slow.snapshot(), await fast.snapshot()]),
      ]);
      expect(exit).toEqual({ code: 0, signal: null });
      expect(took).toBeLessThan(stopWithinMs);
    });
  },
);
