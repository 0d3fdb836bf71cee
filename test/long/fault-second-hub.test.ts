import { expect, test } from "vitest";
import type { HubProcess } from "../support/hub-process.js";
import { again, linkTo, startHubBehind } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { atTestEnd } from "../support/on-end.js";
import { printFigures } from "../support/load/figures.js";
import { waitFor } from "../support/wait-for.js";

async function sharedLinks(hub: HubProcess): Promise<number> {
  const text = await (await fetch(`${hub.ready.get("admin")?.[0] ?? ""}/metrics`)).text();
  return Number(/^pharos_link_shared\{[^}]*\} (\d)$/m.exec(text)?.[1]);
}

async function healthOf(hub: HubProcess): Promise<Readonly<Record<string, unknown>>> {
  return (await (await fetch(`${hub.httpUrl}/healthz`)).json()) as Readonly<Record<string, unknown>>;
}

/** Sends requests until the test ends. Some get no answer while two hubs share the server. */
function keepRequesting(port: number): void {
  const end = new AbortController();
  atTestEnd(() => end.abort());
  const next = async (): Promise<void> => {
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(1000)]);
    await fetch(`http://127.0.0.1:${port}/healthz`, { signal }).catch(() => undefined);
    if (!end.signal.aborted) setTimeout(() => void next(), 300);
  };
  void next();
}

const modes = ["shipped", "stock"] as const;

test.each(modes)("two hubs on one Handler of a %s Mongrel2 notice each other", async (mode) => {
  const server = await startMongrel2({ mode });
  atTestEnd(() => server.stop());
  const hubs = [await startHubBehind({ mongrel2: [linkTo(server)] })];
  hubs.push(await startHubBehind({ mongrel2: [linkTo(server)] }));
  // Without requests, the fences of both hubs can take turns for minutes, and each hub gets its own notices.
  keepRequesting(server.port);
  const startMs = performance.now();
  for (const hub of hubs)
    await waitFor(async () => (await sharedLinks(hub)) === 1, {
      within: 150_000,
      missing: "a notice of the second hub",
    });
  printFigures(`two hubs on one Handler (${mode})`, [
    `both notice it after ${((performance.now() - startMs) / 1000).toFixed(0)} s`,
  ]);
  for (const hub of hubs) {
    expect(await healthOf(hub)).toMatchObject({ status: "degraded", linksShared: 1 });
    expect(hub.stderr.split("another hub uses the same Handler").length - 1).toBe(1);
  }
});

test.each(modes)(
  "a hub behind a %s Mongrel2 that is killed and started five times is no second hub",
  async (mode) => {
    const server = await startMongrel2({ mode });
    atTestEnd(() => server.stop());
    let hub = await startHubBehind({ mongrel2: [linkTo(server)] });
    for (let restart = 0; restart < 5; restart += 1) {
      const streams = new AbortController();
      await fetch(`http://127.0.0.1:${server.port}/esupdates?topic=a`, { signal: streams.signal });
      await new Promise((resolve) => setTimeout(resolve, 4000));
      await hub.kill();
      streams.abort();
      hub = await startHubBehind({ ...again(hub), mongrel2: [linkTo(server)] });
    }
    // Longer than two hubs need to notice each other.
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    expect(await sharedLinks(hub)).toBe(0);
    expect(await healthOf(hub)).toMatchObject({ status: "ok" });
    expect(hub.stderr).not.toContain("another hub uses the same Handler");
  },
);
