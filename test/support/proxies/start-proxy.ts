import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.js";
import { atTestEnd, type OnEnd } from "../on-end.js";
import { waitFor } from "../wait-for.js";
import { createCertificate, type Certificate } from "./certificate.js";
import { configurationFile, proxyKinds, type ProxyName } from "./proxy-kinds.js";

/** The configuration of deploy/, or one with nothing but the line that forwards. */
export type Set = "plain" | "deployed";

export interface ProxyOptions {
  readonly set: Set;
  /** The address of the hub's HTTP front, such as `127.0.0.1:8080`. */
  readonly hub: string;
  /** Changes the configuration. @default none */
  readonly change?: (configuration: string) => string;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

/** A running proxy. */
export interface Proxy {
  readonly name: ProxyName;
  readonly isSecure: boolean;
  readonly port: number;
  readonly redirectPort: number;
  readonly certificate: Certificate;
  readonly configuration: string;
}

const startMs = 60_000;

/** Starts the real program in a scratch folder. It ends with the test. */
export async function startProxy(name: ProxyName, options: ProxyOptions): Promise<Proxy> {
  const { set, hub, change = (text) => text } = options;
  const dir = await mkdtemp(join(tmpdir(), `pharos-${name}-`));
  // Some programs run as another user than root, who starts them.
  await chmod(dir, 0o755);
  const [port, redirectPort, certificate] = await Promise.all([
    freePort(),
    freePort(),
    createCertificate(dir),
  ]);
  const kind = proxyKinds[name];
  const configuration = change(kind[set]({ dir, port, redirectPort, hub, certificate }));
  await writeFile(configurationFile(dir), configuration);
  const output = run(kind.command(configurationFile(dir), dir), { dir, onEnd: options.onEnd ?? atTestEnd });
  await waitFor(() => output.check() || accepts(port), {
    within: startMs,
    missing: () => `${name} does not listen; it says ${output.text()}`,
  });
  return { name, isSecure: set === "deployed", port, redirectPort, certificate, configuration };
}

interface Output {
  readonly text: () => string;
  /** Throws if the program has ended. */
  readonly check: () => false;
}

function run(
  command: readonly string[],
  { dir, onEnd }: { readonly dir: string; readonly onEnd: OnEnd },
): Output {
  // The kernel ends the program when this process dies.
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...command], {
    cwd: dir,
    env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (piece: string) => void (text = (text + piece).slice(-5000)));
  onEnd(async () => {
    await end(child);
    await rm(dir, { recursive: true, force: true });
  });
  return {
    text: () => text,
    check: () => {
      if (child.exitCode === null && child.signalCode === null) return false;
      throw new Error(`${command.join(" ")} has ended: ${text}`);
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  // A program that waits for its open streams is not waited for.
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await exited;
  clearTimeout(timer);
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
