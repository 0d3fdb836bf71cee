import type { OnEnd } from "./on-end.js";
import { startProxy } from "./proxies/start-proxy.js";

export interface NginxOptions {
  /** The address of the hub's HTTP front, such as `127.0.0.1:8080`. */
  readonly upstream: string;
  /** False: without the lines of deploy/nginx/nginx.conf for a hub that restarts. @default true */
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

/** Starts Debian's nginx in front of a hub, with the configuration of deploy/nginx/nginx.conf. */
export async function startNginx({
  upstream,
  outlastsRestarts = true,
  ...options
}: NginxOptions): Promise<Nginx> {
  const change = outlastsRestarts ? {} : { change: withoutLocationDown };
  const { port, certificate } = await startProxy("nginx", {
    set: "deployed",
    hub: upstream,
    ...change,
    ...options,
  });
  return { port, ...certificate };
}

const linesForRestarts = /^ +error_page 502 504 @down;\n +location @down \{\n[^]*?\n {4}\}\n/m;

function withoutLocationDown(configuration: string): string {
  if (!linesForRestarts.test(configuration))
    throw new Error("deploy/nginx/nginx.conf is to have the lines for a hub that restarts");
  return configuration.replace(linesForRestarts, "");
}
