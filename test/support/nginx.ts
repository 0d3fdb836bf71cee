import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { waitFor } from "./wait-for.js";

const execute = promisify(execFile);

export interface NginxOptions {
  /** The address of the hub's HTTP front, such as `127.0.0.1:8080`. */
  readonly upstream: string;
  /** True: with the lines of docs/operating/proxies.md for a hub that restarts. @default false */
  readonly outlastsRestarts?: boolean;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

export interface Nginx {
  readonly port: number;
  /** The server's self-signed certificate, for clients that must trust the server. */
  readonly certificate: string;
  readonly certificateFile: string;
  /** The private key, for another server that takes the place of this one. */
  readonly key: string;
}

interface Scratch {
  readonly dir: string;
  readonly port: number;
  readonly upstream: string;
  readonly outlastsRestarts: boolean;
}

/** Starts Debian's nginx in front of a hub, with the configuration of docs/operating/proxies.md. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-nginx-"));
  // If root starts nginx, the workers of nginx run as another user. The workers write large bodies to files.
  await chmod(dir, 0o755);
  const [key, certificate] = [join(dir, "key.pem"), join(dir, "certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await execute("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", certificate]);
  const port = await freePort();
  const { upstream, outlastsRestarts = false } = options;
  const scratch = { dir, port, upstream, outlastsRestarts };
  await writeFile(join(dir, "nginx.conf"), await configuration(scratch));
  // The kernel ends nginx when this process dies.
  const nginx = ["nginx", "-p", dir, "-c", "nginx.conf", "-g", "daemon off;"];
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...nginx], { stdio: "ignore" });
  (options.onEnd ?? atTestEnd)(async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit");
    await rm(dir, { recursive: true, force: true });
  });
  await waitFor(() => accepts(port), { within: 30_000, missing: "nginx does not listen" });
  const [certificateText, keyText] = await Promise.all(
    [certificate, key].map(async (file) => readFile(file, "utf8")),
  );
  return { port, certificate: certificateText ?? "", certificateFile: certificate, key: keyText ?? "" };
}

const proxies = new URL("../../docs/operating/proxies.md", import.meta.url);

/** The configuration of docs/operating/proxies.md, with the paths, ports and name of a scratch folder. */
async function configuration({ dir, port, upstream, outlastsRestarts }: Scratch): Promise<string> {
  const [server = "", whileDown = "", main = ""] = [
    ...(await readFile(proxies, "utf8")).matchAll(/^```nginx\n([^]*?)^```$/gm),
  ].map(([, block]) => block);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const ours = [
    ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
    ["server_name hub.example.org", "server_name localhost"],
    ["/etc/ssl/hub.example.org.pem", `${dir}/certificate.pem`],
    ["/etc/ssl/private/hub.example.org.key", `${dir}/key.pem`],
    ["http://127.0.0.1:8080", `http://${upstream}`],
    ["  location / {", `${outlastsRestarts ? whileDown : ""}  location / {`],
  ] as const;
  return `
    worker_processes 1;
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log;
    ${main}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join("\n      ")}
      ${ours.reduce((text, [theirs, mine]) => replaceOnce(text, theirs, mine), server)}
    }
  `;
}

function replaceOnce(text: string, theirs: string, mine: string): string {
  const parts = text.split(theirs);
  if (parts.length !== 2) throw new Error(`docs/operating/proxies.md is to have ${theirs} once`);
  return parts.join(mine);
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
