import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { childrenOf } from "../children.js";
import { HubProcess } from "../hub-process.js";
import { root } from "../ipc.js";
import { atTestEnd, type OnEnd } from "../on-end.js";
import { before } from "../wait-for.js";

/** The folder of the checkout on a {@link Machine}. */
export const checkout = "/srv/pharos";

export interface MachineOptions {
  /** Lines of `/etc/hosts`, such as `127.0.0.1 hub.example.org`. @default none */
  readonly hosts?: readonly string[];
  /** Further addresses of the machine. @default none */
  readonly addresses?: readonly string[];
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

export interface RunOptions {
  /** The variables of the commands. Nothing else is inherited. @default those of every command */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. @default 120000 */
  readonly within?: number;
}

/**
 * A machine that is thrown away: it has the programs of this one, but a network, processes and files of its own. So
 * commands can run as a page or a file of deploy/ has them, with their usual ports, names, users and folders.
 *
 * - The network has loopback only.
 * - Files below the folders of {@link writable}, and below the checkout, can be changed. The changes end with the machine.
 * - `sudo` runs its command.
 */
export class Machine {
  readonly #first: number;

  /** @param first the process that started the machine's namespaces, as this machine numbers it */
  constructor(first: number) {
    this.#first = first;
  }

  /** Starts commands in bash, as root, in the checkout. They end with the machine at the latest. */
  start(commands: string, options: RunOptions = {}): HubProcess {
    const { env = {} } = options;
    const variables = Object.entries({ ...everyCommand, ...env }).map(([name, value]) => `${name}=${value}`);
    const child = spawn(
      "nsenter",
      [...enter, `--target=${this.#first}`, "/usr/bin/env", "-i", ...variables, "bash", "-c", commands],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    return new HubProcess(child, checkout);
  }

  /** Runs commands, and returns their output. Rejects with all they wrote if the last one fails, or in time. */
  async run(commands: string, options: RunOptions = {}): Promise<string> {
    const run = this.start(commands, options);
    const { code } = await run.waitForExit({ within: options.within ?? 120_000 });
    if (code !== 0) throw new Error(`the commands ended with ${String(code)}: ${run.stdout}${run.stderr}`);
    return run.stdout;
  }
}

/** The folders of a machine whose files can be changed. */
export const writable = ["etc", "home", "opt", "root", "run", "srv", "usr/local", "var"] as const;

const leave = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
const enter = ["--net", "--mount", "--pid", `--wdns=${checkout}`];

const everyCommand = {
  HOME: "/root",
  LOGNAME: "root",
  PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(process.execPath)}`,
};

// The checkout may be below a folder that is covered later, so it comes first. Its path is $0.
const mounts = `
overlay() {
  mkdir -p "/mnt/$3/new" "/mnt/$3/work" "$2"
  mount -t overlay -o "lowerdir=$1,upperdir=/mnt/$3/new,workdir=/mnt/$3/work" overlay "$2"
}
ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /mnt
for folder in ${writable.join(" ")}; do
  [[ ! -d /$folder ]] || overlay "/$folder" "/$folder" "\${folder//\\//-}"
done
overlay "$0" ${checkout} checkout
mount -t tmpfs -o mode=1777 tmpfs /tmp
printf '#!/bin/sh\\nexec "$@"\\n' >/usr/local/bin/sudo
chmod 755 /usr/local/bin/sudo ${checkout}/dist/cli/main.js
`;

/** Starts a machine. It ends with all its processes at the end, or if this process dies. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const { hosts = [], addresses = [], onEnd = atTestEnd } = options;
  const lines = [
    ...addresses.map((address) => `ip address add ${address}/32 dev lo`),
    ...hosts.map((line) => `echo ${line} >>/etc/hosts`),
    // The end of the standard input ends the machine: bash is its first process.
    "echo ready; read -r",
  ];
  const child = spawn("unshare", [...leave, "bash", "-ec", mounts + lines.join("\n"), root], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  onEnd(() => end(child));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ready = await before(Promise.race([once(child.stdout, "data"), once(child, "exit")]), {
    within: 60_000,
    missing: () => `the machine is not ready: ${said}`,
  });
  if (!Buffer.isBuffer(ready[0])) throw new Error(`the machine has ended: ${said}`);
  const [first] = childrenOf(child.pid ?? 0);
  if (first === undefined) throw new Error(`the machine has no process: ${said}`);
  return new Machine(first);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.stdin?.end();
  await before(exited, { within: 30_000, missing: "the machine does not end" });
}
