import { readFileSync } from "node:fs";

/** Mongrel2's settings for tests. The keys and values are the same as in Mongrel2's manual. */
export type Mongrel2Settings = Readonly<Record<string, number | string>>;

export type Mongrel2Mode = "stock" | "shipped";

/** One Handler of the server: the route, and the two addresses that the server binds for the handler. */
export interface HandlerRoute {
  readonly path: string;
  readonly sendSpec: string;
  readonly recvSpec: string;
  /** The format of the headers; Mongrel2's default is JSON. */
  readonly protocol?: "json" | "tnetstring";
}

/** The uuids of all test servers and of the Pharos handler. The 2011 example has the same uuids. */
export const serverUuid = "2f62bd5-9e59-49cd-993c-3b6013c28f05";
export const handlerUuid = "54c6755b-9628-40a4-9a2d-cc82a816345e";

/**
 * The settings of a server, without the routes. "stock" only raises the number of file descriptors. "shipped" reads the
 * settings of mongrel2/mongrel2.conf.
 */
export function settingsOf(mode: Mongrel2Mode, maxFd: number): Mongrel2Settings {
  const descriptors = {
    // A server that root starts as a daemon forks, so the process that the test started would not be the server.
    "server.daemonize": 0,
    "superpoll.max_fd": maxFd,
    "superpoll.hot_dividend": 2,
  };
  return mode === "stock" ? descriptors : { ...shippedSettings(), ...descriptors };
}

function shippedSettings(): Mongrel2Settings {
  const text = readFileSync(new URL("../../mongrel2/mongrel2.conf", import.meta.url), "utf8");
  const block = text.slice(text.indexOf("settings = {"));
  const pairs = [...block.matchAll(/^\s*'([\w.]+)': (?:(\d+)|'([^']*)')/gm)];
  // Each server has its own control port.
  const shipped = pairs.filter(([, key]) => key !== "control_port");
  return Object.fromEntries(
    shipped.map(([, key = "", number, text = ""]) => [key, number === undefined ? text : Number(number)]),
  );
}

export interface ServerFile {
  readonly port: number;
  readonly hosts: readonly string[];
  /** Routes of the Pharos handler. */
  readonly paths: readonly string[];
  readonly pharos: HandlerRoute;
  readonly others: readonly HandlerRoute[];
  readonly controlSpec: string;
  readonly settings: Mongrel2Settings;
}

/** Writes the text that `m2sh load` reads. */
export function serverFile(file: ServerFile): string {
  const routes = [
    ...file.paths.map((path) => `'${path}': pharos`),
    ...file.others.map((other, index) => `'${other.path}': other${index}`),
    "'/': files",
  ].join(", ");
  const settings = { ...file.settings, control_port: file.controlSpec };
  return [
    handler("pharos", handlerUuid, file.pharos),
    ...file.others.map((other, index) => handler(`other${index}`, `other-${index}`, other)),
    "files = Dir(base='html/', index_file='index.html', default_ctype='text/plain')",
    ...file.hosts.map((name, index) => `host${index} = Host(name='${name}', routes={${routes}})`),
    `main = Server(uuid='${serverUuid}', name='main', chroot='./', access_log='/logs/access.log',`,
    "  error_log='/logs/error.log', pid_file='/run/mongrel2.pid', bind_addr='127.0.0.1',",
    `  default_host='${file.hosts[0]}', port=${file.port}, hosts=[${file.hosts.map((_, index) => `host${index}`).join(", ")}])`,
    `settings = {${Object.entries(settings).map(setting).join(", ")}}`,
    "servers = [main]",
    "",
  ].join("\n");
}

function handler(name: string, ident: string, route: HandlerRoute): string {
  const protocol = route.protocol === "tnetstring" ? ", protocol='tnetstring'" : "";
  return (
    `${name} = Handler(send_spec='${route.sendSpec}', send_ident='${ident}', ` +
    `recv_spec='${route.recvSpec}', recv_ident=''${protocol})`
  );
}

function setting([key, value]: [string, number | string]): string {
  return `'${key}': ${typeof value === "number" ? value : `'${value}'`}`;
}
