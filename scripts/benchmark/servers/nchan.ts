import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../test/support/free-port.js";
import { before, waitFor } from "../../../test/support/wait-for.js";
import type { Candidate } from "../candidate/candidate.js";
import { hasCommand, packageVersion } from "../machine/debian.js";
import { exists } from "../machine/paths.js";
import { openSocket } from "../machine/open-socket.js";
import { SpawnedServer } from "../candidate/spawned-server.js";

const moduleFile = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** nginx with the module nchan, both as Debian packages. */
export const nchan: Candidate = {
  name: "nchan",
  title: "nginx with nchan",
  settings: [
    "worker_processes 2 (one per core), worker_connections 19,000, listen backlog 4,096, access log off",
    "512 MB of shared memory, 1,000 messages per channel for 5 minutes (the default of 10 cannot resume 100)",
    "published by POST, up to 64 pipelined on one connection; one worker, reuseport, accept_mutex and 8 pipelined were slower",
  ],
  unsupported: {},
  unavailable: async () => {
    if (!(await hasCommand("nginx"))) return "nginx is not installed";
    return (await exists(moduleFile)) ? undefined : "libnginx-mod-nchan is not installed";
  },
  version: async () =>
    `nchan ${await packageVersion("libnginx-mod-nchan")}, nginx ${await packageVersion("nginx")}`,
  start: async ({ scratch, register }) => {
    const port = await freePort();
    await writeFile(join(scratch, "nginx.conf"), configuration(scratch, port));
    const args = ["-e", join(scratch, "error.log"), "-p", scratch, "-c", "nginx.conf", "-g", "daemon off;"];
    const server = register(new SpawnedServer({ name: "nginx", command: "nginx", args }));
    await waitFor(() => accepts(port), {
      within: 20_000,
      missing: () => `nginx does not listen: ${server.log}`,
    });
    return {
      port,
      client: { kind: "sse", path: "/sub/{stream}" },
      publisher: { kind: "http", port, path: "/pub/{stream}" },
      processes: [server],
    };
  },
};

function configuration(dir: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    load_module ${moduleFile};
    user root;
    worker_processes 2;
    worker_rlimit_nofile 20000;
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log crit;
    events { worker_connections 19000; }
    http {
      access_log off;
      keepalive_requests 100000000;
      nchan_shared_memory_size 512M;
      ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join("\n      ")}
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location ~ ^/pub/(\\d+)$ {
          nchan_publisher;
          nchan_channel_id $1;
          nchan_message_buffer_length 1000;
          nchan_message_timeout 5m;
        }
        location ~ ^/sub/(\\d+)$ {
          nchan_subscriber eventsource;
          nchan_channel_id $1;
          nchan_subscriber_first_message newest;
        }
      }
    }
  `;
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await before(openSocket(port), { within: 1000, missing: "a connection" });
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}
