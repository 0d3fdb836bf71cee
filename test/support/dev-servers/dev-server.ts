import { spawn } from "node:child_process";
import { once } from "node:events";
import { atTestEnd } from "../on-end.js";
import { waitFor } from "../wait-for.js";

export const devServers = ["webpack-dev-server", "vite", "next dev", "next start", "express"] as const;

export type DevServer = (typeof devServers)[number];

interface Start {
  /** The folder with the configurations of all servers, and their packages. */
  readonly folder: string;
  /** The origin to which the server passes all paths below `/hub`. */
  readonly hub: string;
  /** The port of the server. */
  readonly port: number;
}

const within = 120_000;

/** Starts a server of web developers with its default settings, in front of a hub. */
export async function startDevServer(name: DevServer, { folder, hub, port }: Start): Promise<void> {
  const env = { ...process.env, HUB: hub, PORT: String(port), NODE_ENV: "", NEXT_TELEMETRY_DISABLED: "1" };
  const command = ["setpriv", "--pdeathsig", "KILL", ...commandOf(name, port)];
  const [program = "", ...parameters] = command;
  const child = spawn(program, parameters, {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let log = "";
  for (const output of [child.stdout, child.stderr])
    output.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-2000)));
  atTestEnd(async () => {
    // Ends the children of the server, too.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  await waitFor(() => isServing(port), { within, missing: () => `${name} does not reach the hub: ${log}` });
}

function commandOf(name: DevServer, port: number): readonly string[] {
  const at = ["--port", String(port)];
  switch (name) {
    case "webpack-dev-server":
      return [
        "node",
        "node_modules/webpack-cli/bin/cli.js",
        "serve",
        "--config",
        "webpack.config.cjs",
        ...at,
      ];
    case "vite":
      return ["node", "node_modules/vite/bin/vite.js", ...at];
    case "next dev":
      return ["node", "node_modules/next/dist/bin/next", "dev", ...at];
    case "next start":
      return [
        "sh",
        "-c",
        `node node_modules/next/dist/bin/next build && exec node node_modules/next/dist/bin/next start ${at.join(" ")}`,
      ];
    case "express":
      return ["node", "express.mjs"];
    default:
      return name satisfies never;
  }
}

async function isServing(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://localhost:${port}/hub/healthz`)).ok;
  } catch {
    return false;
  }
}
