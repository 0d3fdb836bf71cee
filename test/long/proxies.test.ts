import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { startHub } from "../support/hub-process.js";
import { printFigures } from "../support/load/figures.js";
import { ProxiedStream } from "../support/proxies/proxied-stream.js";
import { proxyNames, type ProxyName } from "../support/proxies/proxy-kinds.js";
import { startProxy, type Proxy, type Set } from "../support/proxies/start-proxy.js";
import { waitFor } from "../support/wait-for.js";

// All proxies side by side in front of one hub, each with nothing but its forwarding line and with its file of deploy/.

const quietMs = 180_000;
const mostMs = 1000;
const within = 10_000;

/** lighttpd 1.4.82 and older send a response only when it is complete, if it has nothing but its forwarding line. */
const holdsStreams: ReadonlySet<ProxyName> = new Set(["lighttpd"]);

interface Way {
  readonly name: string;
  readonly proxy: Proxy;
  readonly path: string;
  /** The text of an open stream. */
  readonly opened: string;
}

function waysOf(proxy: Proxy, set: Set): readonly Way[] {
  const name = `${proxy.name}, ${set}`;
  return [
    ...(set === "plain" && holdsStreams.has(proxy.name)
      ? []
      : [{ name: `${name}, event stream`, proxy, path: "/esupdates?topic=news", opened: "retry:" }]),
    ...(set === "deployed"
      ? [{ name: `${name}, WebSocket`, proxy, path: "/ws?topic=news", opened: '"position"' }]
      : []),
  ];
}

/** Polls for `news` again and again, as a client does, until the data has arrived. */
class Poller {
  readonly #proxy: Proxy;
  readonly name: string;
  text = "";
  requests = 0;
  failed: string | undefined;

  constructor(name: string, proxy: Proxy) {
    this.#proxy = proxy;
    this.name = name;
    this.#run().catch((error: unknown) => (this.failed = String(error)));
  }

  async #run(): Promise<void> {
    let position: string | undefined;
    while (!this.text.includes("the last")) {
      const after = position === undefined ? "" : `&last_event_id=${encodeURIComponent(position)}`;
      const answer = new ProxiedStream(this.#proxy, { path: `/poll?topic=news${after}` });
      await answer.untilEnd({ within: 60_000 });
      if (answer.status !== 200) throw new Error(`${answer.status ?? "no status"}: ${answer.text}`);
      ({ position } = JSON.parse(answer.text) as { position: string });
      this.text += answer.text;
      this.requests += 1;
    }
  }
}

test("no proxy holds back the first event, or cuts a quiet stream or poll within three minutes", async () => {
  const hub = await startHub({ args: ["--open=on", "--trusted-proxy", "127.0.0.1"] });
  const proxies = await Promise.all(
    proxyNames.flatMap((name) =>
      (["plain", "deployed"] as const).map(async (set) => ({
        set,
        proxy: await startProxy(name, { set, hub: `127.0.0.1:${hub.httpPort}` }),
      })),
    ),
  );
  const ways = proxies.flatMap(({ proxy, set }) => waysOf(proxy, set));
  const streams = ways.map(({ proxy, path }) => new ProxiedStream(proxy, { path }));
  await Promise.all(streams.map((stream, index) => stream.until(ways[index]?.opened ?? "", { within })));
  const pollers = proxies.map(({ proxy, set }) => new Poller(`${proxy.name}, ${set}, polls`, proxy));
  await waitFor(() => pollers.every(({ requests }) => requests > 0), { within, missing: "a first poll" });

  /** Publishes an event, and returns the milliseconds until each stream and each poller has it. */
  const publish = async (data: string): Promise<readonly number[]> => {
    const startedAt = performance.now();
    const took = async (arrived: Promise<unknown>): Promise<number> =>
      arrived.then(
        () => performance.now() - startedAt,
        () => Number.POSITIVE_INFINITY,
      );
    const all = [
      ...streams.map((stream) => took(stream.until(data, { within }))),
      ...pollers.map((poller) =>
        took(waitFor(() => poller.text.includes(data), { within, everyMs: 2, missing: data })),
      ),
    ];
    await fetch(`${hub.httpUrl}/publish/news`, { method: "POST", body: data });
    return Promise.all(all);
  };

  // The test's own first request loads code of Node.
  await fetch(`${hub.httpUrl}/publish/other`, { method: "POST", body: "any" });
  const first = await publish("the first");
  await delay(quietMs);
  const last = await publish("the last");
  const names = [...ways.map(({ name }) => name), ...pollers.map(({ name }) => name)];
  printFigures(
    `events through proxies, from the request to publish, ${quietMs / 1000} s apart`,
    names.map((name, at) => `${name}: ${first[at]?.toFixed(0) ?? "–"} ms, ${last[at]?.toFixed(0) ?? "–"} ms`),
  );
  const cut = streams.flatMap((stream, at) =>
    stream.ended === undefined ? [] : [`${names[at] ?? ""}: ${stream.ended}`],
  );
  const failed = pollers.flatMap(({ name, failed }) => (failed === undefined ? [] : [`${name}: ${failed}`]));
  const late = names.filter(
    (_, at) => !((first[at] ?? Number.NaN) <= mostMs && (last[at] ?? Number.NaN) <= mostMs),
  );
  expect({ cut, failed, late }).toEqual({ cut: [], failed: [], late: [] });
});
