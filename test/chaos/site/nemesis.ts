import { setTimeout as delay } from "node:timers/promises";
import type { NatsServer } from "../../support/nats-server.js";
import type { TcpProxy } from "../../support/tcp-proxy.js";
import type { Recorder } from "../history/recorder.js";
import type { ChaosHub } from "./chaos-hub.js";
import type { ChaosSite, Node } from "./chaos-site.js";
import type { Nemesis } from "./fault.js";
import { hostFaults } from "./host-faults.js";
import type { SmallDisk } from "./small-disk.js";

type Random = () => number;

/** Less than the time for which a hub remembers answers: a clock that is set forward ends this time early. */
const mostShiftSeconds = 600;

/** All faults that this site can have. */
export function nemeses(site: ChaosSite, random: Random): readonly Nemesis[] {
  const { nodes, survivesEnds, disk, engines = [], engineProxies = [], hosts = [] } = site;
  return [
    ...nodes.flatMap(({ hub, proxy }) => [
      { name: "hub paused", make: () => hub.pause(100 + random() * 2400) },
      ...networkFaults("clients", proxy, random),
    ]),
    ...engineProxies.flatMap((proxy) => networkFaults("engine", proxy, random)),
    ...nodes.flatMap(({ hub }) => clockFaults(hub, random)),
    ...hostFaults(hosts, random),
    ...(survivesEnds ? nodes.flatMap((node) => endFaults(node, random)) : []),
    ...(disk === undefined ? [] : [{ name: "disk full", make: () => fill(disk) }]),
    ...engines.flatMap((engine) => engineFaults([engine], random)),
    ...(engines.length > 1 ? engineFaults(engines, random) : []),
  ];
}

/** Faults of the network to the clients, or to a server of the engine. */
function networkFaults(to: string, proxy: TcpProxy, random: Random): readonly Nemesis[] {
  const between = (least: number, most: number): number => least + random() * (most - least);
  const paused = async (begin: () => void, end: () => void): Promise<void> => {
    begin();
    await delay(between(200, 2500));
    end();
  };
  return [
    { name: `connections to ${to} cut`, make: async () => cutAll(proxy) },
    {
      name: `network to ${to} delayed`,
      make: () =>
        paused(
          () => proxy.stall(),
          () => proxy.resume(),
        ),
    },
    {
      name: `network to ${to} dark`,
      make: () =>
        paused(
          () => proxy.darken(),
          () => proxy.resume(),
        ),
    },
    {
      name: `network to ${to} gone`,
      make: async () => {
        const { port } = proxy;
        await proxy.shut();
        await delay(between(100, 1000));
        await proxy.listen(port);
      },
    },
  ];
}

/** Faults that are twice in the list come twice as often. */
function endFaults({ hub }: Node, random: Random): readonly Nemesis[] {
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    await hub.end(signal);
    await delay(random() * 400);
    await hub.begin();
  };
  const kill = { name: "hub killed", make: () => end("SIGKILL") };
  return [
    kill,
    kill,
    kill,
    { name: "hub stopped", make: () => end("SIGTERM") },
    {
      name: "hub killed while it starts",
      make: async () => {
        await hub.end("SIGKILL");
        await hub.beginAndKill(random() * 800);
        await hub.begin();
      },
    },
    {
      name: "hub killed while it stops",
      make: async () => {
        await Promise.all([hub.end("SIGTERM"), delay(random() * 30).then(() => hub.kill())]);
        await hub.begin();
      },
    },
  ];
}

/** Faults that these servers of the engine have at the same time. */
function engineFaults(servers: readonly NatsServer[], random: Random): readonly Nemesis[] {
  const all = (action: (server: NatsServer) => Promise<void>) => Promise.all(servers.map(action));
  const outage = async (end: (server: NatsServer) => Promise<void>): Promise<void> => {
    await all(end);
    await delay(random() * 2000);
    await all((server) => server.start());
    await all((server) => server.listening());
  };
  const many = servers.length === 1 ? "engine" : "all engines";
  return [
    { name: `${many} killed`, make: () => outage((server) => server.kill()) },
    { name: `${many} stopped`, make: () => outage((server) => server.stop()) },
    {
      name: `${many} paused`,
      make: async () => {
        for (const server of servers) server.pause();
        await delay(random() * 3000);
        for (const server of servers) server.resume();
      },
    },
  ];
}

/** At the end, the clock is right again. A clock of the future makes the log's time stand still for some minutes. */
function clockFaults({ clock }: ChaosHub, random: Random): readonly Nemesis[] {
  if (clock === undefined) return [];
  const shift = async (seconds: number): Promise<void> => {
    await clock.shift(seconds);
    await delay(1000 + random() * 1500);
    await clock.shift(0);
  };
  return [
    { name: "clock set back", make: () => shift(-Math.ceil(random() * mostShiftSeconds)) },
    { name: "clock set forward", make: () => shift(Math.ceil(random() * mostShiftSeconds)) },
  ];
}

function cutAll(proxy: TcpProxy): void {
  while (proxy.cut());
}

async function fill(disk: SmallDisk): Promise<void> {
  await disk.fill();
  await delay(1500);
  await disk.clear();
}

export interface Disturbance {
  readonly recorder: Recorder;
  readonly random: () => number;
  readonly untilMs: number;
  /** Resolves when publishers and subscribers have work behind them again, or after some seconds. */
  readonly recovered: () => Promise<void>;
}

/** Makes one fault after the other, with pauses, until the run is over. Records each. */
export async function makeFaults(
  faults: readonly Nemesis[],
  { recorder, random, untilMs, recovered }: Disturbance,
): Promise<void> {
  while (recorder.nowMs < untilMs) {
    await recovered();
    await delay(random() * 1000);
    const fault = faults[Math.floor(random() * faults.length)];
    if (fault === undefined || recorder.nowMs >= untilMs) continue;
    recorder.record({ kind: "fault", name: fault.name });
    await fault.make();
    recorder.record({ kind: "fault", name: `${fault.name}: over` });
  }
}
