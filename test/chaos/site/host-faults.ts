import { setTimeout as delay } from "node:timers/promises";
import type { Nemesis } from "./fault.js";
import type { Host } from "./hosts.js";

/** Faults of the network between hosts. */
export function hostFaults(hosts: readonly Host[], random: () => number): readonly Nemesis[] {
  const during = async (begin: () => Promise<unknown>, end: () => Promise<unknown>): Promise<void> => {
    await begin();
    await delay(500 + random() * 4500);
    await end();
  };
  const alone = hosts.flatMap((host) => {
    const others = hosts.filter((each) => each !== host);
    const all = (action: (host: Host) => Promise<void>) => Promise.all(hosts.map(action));
    const cut = () => Promise.all([host.ignore(others), ...others.map((other) => other.ignore([host]))]);
    const heal = () => all((each) => each.receiveAll());
    return [
      { name: `${host.address} cut off`, make: () => during(cut, heal) },
      { name: `${host.address} deaf`, make: () => during(() => host.ignore(others), heal) },
      {
        name: `${host.address} unplugged`,
        make: () =>
          during(
            () => host.unplug(),
            () => host.plugIn(),
          ),
      },
      {
        name: `${host.address} loses packets`,
        make: () => during(() => host.losePackets(20 + Math.floor(random() * 60)), heal),
      },
      {
        name: `${host.address} slow`,
        make: () =>
          during(
            () => host.sendSlowly(),
            () => host.sendFast(),
          ),
      },
    ];
  });
  return [...alone, ...partitions(hosts, during, random)];
}

/** Two hosts that do not reach each other, though both reach all others. */
function partitions(
  hosts: readonly Host[],
  during: (begin: () => Promise<unknown>, end: () => Promise<unknown>) => Promise<void>,
  random: () => number,
): readonly Nemesis[] {
  if (hosts.length < 2) return [];
  const make = async (): Promise<void> => {
    const first = Math.floor(random() * hosts.length);
    const second = (first + 1 + Math.floor(random() * (hosts.length - 1))) % hosts.length;
    const [a, b] = [hosts[first], hosts[second]];
    if (a === undefined || b === undefined) return;
    await during(
      () => Promise.all([a.ignore([b]), b.ignore([a])]),
      () => Promise.all([a.receiveAll(), b.receiveAll()]),
    );
  };
  return Array.from({ length: hosts.length }, () => ({ name: "two hosts cut from each other", make }));
}
