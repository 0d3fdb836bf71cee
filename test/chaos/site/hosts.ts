import { execFile, spawn } from "node:child_process";
import { readlink } from "node:fs/promises";
import { promisify } from "node:util";
import type { OnEnd } from "../../support/on-end.js";
import { Ends } from "./ends.js";
import { waitFor } from "../../support/wait-for.js";

const run = promisify(execFile);

/** The bits of an address that name a host of the network. */
const hostBits = 24;
const packetsTable = ["inet", "faults"] as const;

/** A host of its own on this machine: a network namespace with one interface. */
export class Host {
  readonly address: string;
  /** The command that runs another command on this host. */
  readonly enter: readonly string[];

  constructor(address: string, enter: readonly string[]) {
    this.address = address;
    this.enter = enter;
  }

  /** Runs a command on this host. */
  async run(...command: readonly string[]): Promise<void> {
    const [file = "", ...args] = [...this.enter, ...command];
    await run(file, args);
  }

  /** From now on, packets from these hosts do not arrive here. Connections stay open. */
  async ignore(others: readonly Host[]): Promise<void> {
    for (const { address } of others) await this.#drop("ip", "saddr", address);
  }

  /** From now on, this part of all packets does not arrive here. */
  async losePackets(percent: number): Promise<void> {
    await this.#drop("numgen", "random", "mod", "100", "<", `${percent}`);
  }

  /** From now on, all packets arrive again. */
  async receiveAll(): Promise<void> {
    await this.run("nft", "flush", "chain", ...packetsTable, "arriving");
  }

  /** From now on, this host sends so slowly that packets wait for up to half a second, and then some are dropped. */
  async sendSlowly(): Promise<void> {
    await this.run(..."tc qdisc add dev eth0 root tbf rate 1mbit burst 16kb latency 500ms".split(" "));
  }

  async sendFast(): Promise<void> {
    await this.run(..."tc qdisc del dev eth0 root".split(" "));
  }

  async unplug(): Promise<void> {
    await this.run(..."ip link set eth0 down".split(" "));
  }

  async plugIn(): Promise<void> {
    await this.run(..."ip link set eth0 up".split(" "));
  }

  async #drop(...packets: readonly string[]): Promise<void> {
    await this.run("nft", "add", "rule", ...packetsTable, "arriving", ...packets, "drop");
  }
}

/**
 * Starts hosts that one network joins with each other and with this process. They end with this process. Needs root, the
 * commands `ip`, `tc` and `nft`, and a kernel with network namespaces.
 *
 * @returns the reason why this machine cannot have such hosts
 */
export async function startHosts(count: number, onEnd: OnEnd): Promise<readonly Host[] | string> {
  const subnet = `10.${200 + Math.floor(Math.random() * 50)}.${Math.floor(Math.random() * 250)}`;
  try {
    const cable = await startSwitch(subnet, onEnd);
    const hosts: Host[] = [];
    for (let number = 1; number <= count; number += 1) {
      const host = await startHost(`${subnet}.${number}`, onEnd);
      await plug(host, cable, `port${number}`);
      hosts.push(host);
    }
    return hosts;
  } catch (error) {
    return `this machine cannot have hosts of its own: ${error instanceof Error ? error.message : "unknown"}`;
  }
}

/** The reason why this machine cannot have hosts of its own; undefined if it can. */
export async function whyNoHosts(): Promise<string | undefined> {
  const ends = new Ends();
  const hosts = await startHosts(1, ends.add);
  await ends.run();
  return typeof hosts === "string" ? hosts : undefined;
}

interface Switch {
  readonly pid: number;
  readonly host: Host;
}

/** A namespace with a bridge, to which this process has a cable. */
async function startSwitch(subnet: string, onEnd: OnEnd): Promise<Switch> {
  const { pid, enter } = await startNamespace(onEnd);
  const host = new Host(`${subnet}.253`, enter);
  const cable = `pharos${pid}`;
  await host.run(..."ip link add br0 type bridge".split(" "));
  await host.run(..."ip link set br0 up".split(" "));
  await run("ip", `link add ${cable} type veth peer name port0 netns ${pid}`.split(" "));
  await host.run(..."ip link set port0 master br0 up".split(" "));
  await run("ip", `addr add ${subnet}.254/${hostBits} dev ${cable}`.split(" "));
  await run("ip", `link set ${cable} up`.split(" "));
  return { pid, host };
}

async function startHost(address: string, onEnd: OnEnd): Promise<Host> {
  const { enter } = await startNamespace(onEnd);
  const host = new Host(address, enter);
  await host.run(..."ip link set lo up".split(" "));
  await host.run("nft", "add", "table", ...packetsTable);
  const hook = "{ type filter hook input priority 0; }";
  await host.run("nft", "add", "chain", ...packetsTable, "arriving", hook);
  return host;
}

async function plug(host: Host, cable: Switch, port: string): Promise<void> {
  await host.run(...`ip link add eth0 type veth peer name ${port} netns ${cable.pid}`.split(" "));
  await cable.host.run(...`ip link set ${port} master br0 up`.split(" "));
  await host.run(...`ip addr add ${host.address}/${hostBits} dev eth0`.split(" "));
  await host.run(..."ip link set eth0 up".split(" "));
}

/** A namespace that a sleeping process keeps. The kernel ends this process, and so the namespace, with the test. */
async function startNamespace(
  onEnd: OnEnd,
): Promise<{ readonly pid: number; readonly enter: readonly string[] }> {
  const command = "--pdeathsig KILL unshare --net sleep infinity".split(" ");
  const sleeper = spawn("setpriv", command, { stdio: "ignore" });
  onEnd(() => void sleeper.kill("SIGKILL"));
  const pid = sleeper.pid ?? 0;
  const own = await readlink("/proc/self/ns/net");
  const isThere = async (): Promise<boolean> => {
    if (sleeper.exitCode !== null) throw new Error("unshare --net is not allowed");
    return (await readlink(`/proc/${pid}/ns/net`)) !== own;
  };
  await waitFor(isThere, { within: 30_000, missing: "a network namespace" });
  return { pid, enter: ["nsenter", `--net=/proc/${pid}/ns/net`] };
}
