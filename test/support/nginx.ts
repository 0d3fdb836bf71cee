import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.js";
import { atTestEnd, type OnEnd } from "./on-end.js";
import { waitFor } from "./wait-for.js";

const execute = promisify(execFile);

export interface NginxOptions {
  /** Where the hub's HTTP front listens, as `127.0.0.1:8080`. */
  readonly upstream: string;
  /** @default the end of the running test */
  readonly onEnd?: OnEnd;
}

export interface Nginx {
  readonly port: number;
  /** The certificate that it signed itself, for clients that are to trust it. */
  readonly certificate: string;
}

/** Debian's nginx with TLS in front of a hub, its buffering as it comes. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-nginx-"));
  const [key, certificate] = [join(dir, "key.pem"), join(dir, "certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await execute("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", certificate]);
  const port = await freePort();
  await writeFile(join(dir, "nginx.conf"), configuration({ dir, port, upstream: options.upstream }));
  // The kernel ends it with this process, whatever becomes of that.
  const nginx = ["nginx", "-p", dir, "-c", "nginx.conf", "-g", "daemon off;"];
  const child = spawn("setpriv", ["--pdeathsig", "TERM", ...nginx], { stdio: "ignore" });
  (options.onEnd ?? atTestEnd)(async () => {
    if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit");
    await rm(dir, { recursive: true, force: true });
  });
  await waitFor(() => accepts(port), { within: 30_000, missing: "nginx does not listen" });
  return { port, certificate: await readFile(certificate, "utf8") };
}

/** What README tells operators to write, with the paths and the port of a scratch folder. */
function configuration({ dir, port, upstream }: { dir: string; port: number; upstream: string }): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    worker_processes 1;
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join("\n      ")}
      server {
        listen 127.0.0.1:${port} ssl;
        server_name localhost;
        ssl_certificate ${dir}/certificate.pem;
        ssl_certificate_key ${dir}/key.pem;
        location / {
          proxy_pass http://${upstream};
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_read_timeout 1h;
        }
      }
    }
  `;
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
