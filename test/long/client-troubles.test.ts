import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { firstTransport } from "../support/troubles/library-clients.js";
import type { MiddleboxMode } from "../support/troubles/middlebox.js";
import { noFaults, startRecovery } from "../support/troubles/recovery.js";
import { startTroubledSite, type TroubledSite } from "../support/troubles/troubled-site.js";

const count = 40;

/** The time that a proxy stays. The library tests better transports after 30 s, so at least once meanwhile. */
const proxyMs = 45_000;

const awayMs = 25_000;

interface Trouble {
  readonly name: string;
  /** Begins and ends the trouble. */
  readonly make: (site: TroubledSite) => Promise<void>;
}

const networkTroubles: readonly Trouble[] = [
  {
    name: "a network that refuses connections for 25 s",
    make: async ({ network }) => {
      const { port } = network;
      await network.shut();
      await delay(awayMs);
      await network.listen(port);
    },
  },
  {
    name: "a network that is silent for 25 s",
    make: async ({ network }) => {
      network.darken();
      await delay(awayMs);
      network.resume();
    },
  },
  {
    name: "a network that is silent for 25 s and forgets all connections",
    make: async ({ network }) => {
      network.darken();
      await delay(awayMs);
      network.forget();
    },
  },
  {
    name: "a proxy that answers 404 for 4 s",
    make: async (site) => {
      await site.insertMiddlebox("not-found");
      await delay(4000);
      await site.removeMiddlebox();
    },
  },
];

describe(`${count} clients of the library behind nginx`, () => {
  it("stay on the first transport through three deploys of 6 s", async () => {
    const recovery = await startRecovery(await startTroubledSite(), count);
    for (let n = 1; n <= 3; n += 1) {
      await recovery.site.deploy(6000);
      await recovery.receives(`deploy ${n}`);
      const onFirst = (await recovery.clients.transports())[firstTransport];
      // On a busy machine, a few streams may open too late.
      expect(onFirst).toBeGreaterThan(count / 2);
      await recovery.returns(`deploy ${n}`);
    }
    expect(await recovery.end("three deploys of 6 s")).toEqual(noFaults);
  });

  it("open behind a proxy that forwards only heads, and return when the proxy is mended", async () => {
    const site = await startTroubledSite();
    await site.insertMiddlebox("head-only");
    const recovery = await startRecovery(site, count);
    await delay(proxyMs);
    site.mendMiddlebox();
    await recovery.receives("proxy mended");
    await recovery.returns("proxy mended");
    expect(await recovery.end("a proxy that forwards only heads")).toEqual(noFaults);
  });

  it.each<MiddleboxMode>(["head-only", "holding"])(
    "receive while a %s proxy is in the way, and return when it is gone",
    async (mode) => {
      const recovery = await startRecovery(await startTroubledSite(), count);
      await recovery.site.insertMiddlebox(mode);
      await recovery.receives("proxy in the way");
      await delay(proxyMs);
      await recovery.site.removeMiddlebox();
      await recovery.receives("proxy gone");
      await recovery.returns("proxy gone");
      expect(await recovery.end(`a ${mode} proxy that appears and goes`)).toEqual(noFaults);
    },
  );

  it.each(networkTroubles)("recover from $name", async ({ name, make }) => {
    const recovery = await startRecovery(await startTroubledSite(), count);
    await make(recovery.site);
    await recovery.receives("trouble over");
    await recovery.returns("trouble over");
    expect(await recovery.end(name)).toEqual(noFaults);
  });
});
