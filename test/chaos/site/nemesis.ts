import { setTimeout as delay } from "node:timers/promises";
import type { NatsServer } from "../../support/nats-server.js";
import type { TcpProxy } from "../../support/tcp-proxy.js";
import type { Recorder } from "../history/recorder.js";
import type { ChaosSite, Node } from "./chaos-site.js";
import type { SmallDisk } from "./small-disk.js";

/** What can go wrong at a site. */
export interface Nemesis {
  readonly name: string;
  /** Makes the fault. The fault is over when the promise resolves. */
  readonly make: () => Promise<void>;
}

type Random = () => number;

/** All faults that this site can have. */
export function nemeses(site: ChaosSite, random: Random): readonly Nemesis[] {
  const { nodes, survivesEnds, disk, engine } = site;
  return [
    ...nodes.flatMap((node) => networkFaults(node, random)),
    ...(survivesEnds ? nodes.flatMap((node) => endFaults(node, random)) : []),
    ...(disk === undefined ? [] : [{ name: "disk full", make: () => fill(disk) }]),
    ...(engine === undefined ? [] : engineFaults(engine, random)),
  ];
}

function networkFaults({ hub, proxy }: Node, random: Random): readonly Nemesis[] {
  const between = (least: number, most: number): number => least + random() * (most - least);
  const paused = async (begin: () => void, end: () => void): Promise<void> => {
    begin();
    await delay(between(200, 2500));
    end();
  };
  return [
    { name: "hub paused", make: () => hub.pause(between(100, 2500)) },
    { name: "connections cut", make: async () => cutAll(proxy) },
    {
      name: "network delayed",
      make: () =>
        paused(
          () => proxy.stall(),
          () => proxy.resume(),
        ),
    },
    {
      name: "network dark",
      make: () =>
        paused(
          () => proxy.darken(),
          () => proxy.resume(),
        ),
    },
    {
      name: "network gone",
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

function engineFaults(engine: NatsServer, random: Random): readonly Nemesis[] {
  const outage = async (end: () => Promise<void>): Promise<void> => {
    await end();
    await delay(random() * 2000);
    await engine.start();
    await engine.listening();
  };
  return [
    { name: "engine killed", make: () => outage(() => engine.kill()) },
    { name: "engine stopped", make: () => outage(() => engine.stop()) },
    {
      name: "engine paused",
      make: async () => {
        engine.pause();
        await delay(random() * 3000);
        engine.resume();
      },
    },
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
