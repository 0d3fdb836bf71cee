import { execFile, spawn, type ChildProcess } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OnEnd } from "../on-end.js";

const execute = promisify(execFile);

/** How to run a command in a folder with a Debian system. */
export interface EnterOptions {
  /** The environment. Nothing else is inherited. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder in which the command runs. @default "/" */
  readonly folder?: string;
  /** The user's and the group's number, such as `1000:1000`. @default root */
  readonly user?: string;
  /** True: the system cannot be written, except `/tmp` and the volumes. @default false */
  readonly isReadOnly?: boolean;
  /** Folders that are empty, and belong to the user. @default none */
  readonly volumes?: readonly string[];
  /** True: the command has a network of its own, with loopback only. @default false */
  readonly hasOwnNetwork?: boolean;
}

/**
 * The command that runs another one in a folder as the first process of its own process namespace, as in a container.
 * Ends when the command ends. If the command's parent dies, the kernel ends the command.
 */
export function enterFolder(dir: string, options: EnterOptions): readonly string[] {
  const { env = {}, folder = "/", user = "0:0", isReadOnly = false, volumes = [] } = options;
  const mounts = [
    'mount --bind "$0" "$0"',
    'mount -t proc proc "$0/proc"',
    'mount --rbind /dev "$0/dev"',
    'mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"',
    ...volumes.map((path) => `mount -t tmpfs -o uid=${user.split(":")[0]},mode=755 tmpfs "$0${path}"`),
    ...(isReadOnly ? ['mount -o remount,bind,ro "$0"'] : []),
    ...(options.hasOwnNetwork === true ? ["ip link set lo up"] : []),
    // The shell has the name of the folder as $0, and the command as its other arguments.
    `exec chroot --userspec=${user} --groups= "$0" /usr/bin/env -i -C "$FOLDER" "$@"`,
  ];
  const variables = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...env };
  return [
    "env",
    `FOLDER=${folder}`,
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child",
    ...(options.hasOwnNetwork === true ? ["--net"] : []),
    "sh",
    "-ec",
    mounts.join("\n"),
    dir,
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    // A change of the user has cleared what --kill-child set.
    "setpriv",
    "--pdeathsig",
    "KILL",
  ];
}

/** Runs a command in the folder, and returns its output. Rejects with its errors if the command fails. */
export async function runInFolder(
  dir: string,
  command: readonly string[],
  options: EnterOptions = {},
): Promise<string> {
  const [file = "", ...args] = [...enterFolder(dir, options), ...command];
  const { stdout } = await execute(file, args, { maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

/** Starts a command in the folder. */
export function spawnInFolder(
  dir: string,
  command: readonly string[],
  options: EnterOptions = {},
): ChildProcess {
  const args = ["--pdeathsig", "KILL", ...enterFolder(dir, options), ...command];
  return spawn("setpriv", args, { stdio: ["ignore", "pipe", "pipe"] });
}

/**
 * Creates a folder with a minimal Debian system, with the name servers and the authorities of this machine. The folder
 * is removed at the end.
 */
export async function createDebian(
  release: "bookworm" | "trixie",
  options: { readonly onEnd: OnEnd },
): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), `pharos-${release}-`));
  options.onEnd(() => rm(scratch, { recursive: true, force: true }));
  const dir = join(scratch, "debian");
  await execute("debootstrap", ["--variant=minbase", release, dir, "http://deb.debian.org/debian"], {
    maxBuffer: 64 * 2 ** 20,
  });
  await cp("/etc/resolv.conf", join(dir, "etc/resolv.conf"), { dereference: true });
  await cp("/etc/ssl/certs/ca-certificates.crt", join(dir, authorities), { dereference: true });
  return dir;
}

/** A file of its own: a package of the folder may write the usual one. */
const authorities = "/etc/authorities-of-this-machine.pem";

/** The environment with which npm reaches its registry from a folder, as it does on this machine. */
export async function npmEnvironment(): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await execute("npm", ["config", "get", "registry"]);
  return {
    HOME: "/root",
    NODE_EXTRA_CA_CERTS: authorities,
    npm_config_registry: stdout.trim(),
    npm_config_update_notifier: "false",
  };
}

/** Copies the Node of this machine into the folder, with npm, as the images `node:20-…-slim` have it. */
export async function addNode(dir: string): Promise<void> {
  const modules = join(dir, "usr/local/lib/node_modules");
  await cp(process.execPath, join(dir, "usr/local/bin/node"));
  const { stdout } = await execute("npm", ["root", "--global"]);
  await cp(join(stdout.trim(), "npm"), join(modules, "npm"), { recursive: true });
  await execute("ln", ["-s", "../lib/node_modules/npm/bin/npm-cli.js", join(dir, "usr/local/bin/npm")]);
  await runInFolder(dir, ["useradd", "--uid", "1000", "--create-home", "node"]);
}
