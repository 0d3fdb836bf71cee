import { join } from "node:path";
import type { Certificate } from "./certificate.js";
import { deployedAs, type Replacement } from "./deploy-file.js";

/** Where a proxy of a test runs. */
export interface ProxyPlace {
  /** The scratch folder of the proxy. */
  readonly dir: string;
  /** The port for clients: of TLS with the configuration of deploy/, else of HTTP. */
  readonly port: number;
  /** The port of HTTP that redirects to TLS, with the configuration of deploy/. */
  readonly redirectPort: number;
  /** The address of the hub's HTTP front, such as `127.0.0.1:8080`. */
  readonly hub: string;
  readonly certificate: Certificate;
}

/** A program that passes requests on to a hub. */
export interface ProxyKind {
  /** The command that runs the program with a configuration file. */
  readonly command: (file: string, dir: string) => readonly string[];
  /** A configuration with nothing but an address and the line that forwards. */
  readonly plain: (place: ProxyPlace) => string;
  /** The configuration of deploy/, with the addresses and files of the test. */
  readonly deployed: (place: ProxyPlace) => string;
}

const name = "hub.example.org";
const hubAddress = "127.0.0.1:8080";
const certificateFile = `/etc/ssl/${name}.pem`;
const keyFile = `/etc/ssl/private/${name}.key`;

function certificateOf({ certificate }: ProxyPlace): readonly Replacement[] {
  return [
    [certificateFile, certificate.certificateFile],
    [keyFile, certificate.keyFile],
  ];
}

function nginxPaths(dir: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return temporary.map((part) => `${part}_temp_path ${dir}/${part};`).join(" ");
}

const nginx: ProxyKind = {
  command: (file, dir) => ["nginx", "-p", dir, "-c", file, "-e", `${dir}/error.log`, "-g", "daemon off;"],
  plain: ({ dir, port, hub }) => `
    pid ${dir}/nginx.pid;
    events {}
    http {
      ${nginxPaths(dir)} access_log off;
      server { listen 127.0.0.1:${port}; location / { proxy_pass http://${hub}; } }
    }`,
  deployed: (place) =>
    deployedAs("nginx/nginx.conf", [
      ["pid /run/nginx.pid;", `pid ${place.dir}/nginx.pid;`],
      ["worker_processes auto;", "worker_processes 1;"],
      ["http {\n", `http {\n  ${nginxPaths(place.dir)}\n`],
      ["listen 80;\n    listen [::]:80;", `listen 127.0.0.1:${place.redirectPort};`],
      ["listen 443 ssl http2;\n    listen [::]:443 ssl http2;", `listen 127.0.0.1:${place.port} ssl http2;`],
      [hubAddress, place.hub],
      ...certificateOf(place),
      [name, "localhost"],
    ]),
};

/** The frame of Debian's apache2.conf, without its sites. */
function apacheFrame(dir: string, modules: readonly string[]): string {
  const load = ["mpm_event", "authz_core", ...modules].map(
    (module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`,
  );
  return [
    `ServerRoot ${dir}`,
    `PidFile ${dir}/apache.pid`,
    `ErrorLog ${dir}/error.log`,
    `DefaultRuntimeDir ${dir}`,
    "User www-data",
    "Group www-data",
    "ServerName localhost",
    ...load,
    "",
  ].join("\n");
}

const apache: ProxyKind = {
  command: (file) => ["apache2", "-f", file, "-D", "FOREGROUND"],
  plain: ({ dir, port, hub }) =>
    `${apacheFrame(dir, ["proxy", "proxy_http"])}Listen 127.0.0.1:${port}\nProxyPass / http://${hub}/\n`,
  deployed: (place) =>
    apacheFrame(place.dir, ["alias", "headers", "http2", "proxy", "proxy_http", "ssl", "socache_shmcb"]) +
    `Listen 127.0.0.1:${place.port}\nListen 127.0.0.1:${place.redirectPort}\n` +
    deployedAs("apache/pharos.conf", [
      ["<VirtualHost *:80>", `<VirtualHost 127.0.0.1:${place.redirectPort}>`],
      ["<VirtualHost *:443>", `<VirtualHost 127.0.0.1:${place.port}>`],
      [hubAddress, place.hub],
      ...certificateOf(place),
      [name, "localhost"],
    ]),
};

const haproxy: ProxyKind = {
  command: (file) => ["haproxy", "-db", "-f", file],
  plain: ({ port, hub }) => `
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
listen web
  bind 127.0.0.1:${port}
  server hub ${hub}
`,
  deployed: (place) =>
    deployedAs("haproxy/haproxy.cfg", [
      // The limit of the tests' own process may be lower.
      ["maxconn 40000", "maxconn 400"],
      ["bind :::80 v4v6", `bind 127.0.0.1:${place.redirectPort}`],
      ["bind :::443 v4v6", `bind 127.0.0.1:${place.port}`],
      [`/etc/haproxy/${name}.pem`, place.certificate.bothFile],
      [hubAddress, place.hub],
    ]),
};

const caddy: ProxyKind = {
  command: (file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file],
  plain: ({ port, hub }) =>
    `{\n admin off\n}\nhttp://localhost:${port} {\n bind 127.0.0.1\n reverse_proxy ${hub}\n}\n`,
  deployed: (place) =>
    deployedAs("caddy/Caddyfile", [
      [
        "grace_period 1m",
        `grace_period 1m\n\tadmin off\n\thttp_port ${place.redirectPort}\n\tdefault_bind 127.0.0.1`,
      ],
      [
        `${name} {`,
        `https://localhost:${place.port} {\n\ttls ${place.certificate.certificateFile} ${place.certificate.keyFile}`,
      ],
      [hubAddress, place.hub],
    ]),
};

const lighttpd: ProxyKind = {
  command: (file) => ["lighttpd", "-D", "-f", file],
  plain: ({ dir, port, hub }) => `
server.modules = ( "mod_proxy" )
server.document-root = "${dir}"
server.bind = "127.0.0.1"
server.port = ${port}
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${portOf(hub)} )) )
`,
  deployed: (place) =>
    deployedAs("lighttpd/lighttpd.conf", [
      ['"/var/www/html"', `"${place.dir}"`],
      // The limit of the tests' own process may be lower.
      ["server.max-fds = 25000", "server.max-fds = 1000"],
      ["server.max-connections = 12000", "server.max-connections = 400"],
      ["/run/lighttpd.pid", `${place.dir}/lighttpd.pid`],
      ["server.port = 80\n", `server.port = ${place.redirectPort}\nserver.bind = "127.0.0.1"\n`],
      ['":443"', `"127.0.0.1:${place.port}"`],
      ['"port" => 8080', `"port" => ${portOf(place.hub)}`],
      ...certificateOf(place),
    ]),
};

function portOf(hub: string): string {
  return hub.slice(hub.lastIndexOf(":") + 1);
}

export const proxyKinds = { nginx, apache, haproxy, caddy, lighttpd } as const;
export type ProxyName = keyof typeof proxyKinds;
export const proxyNames = Object.keys(proxyKinds) as readonly ProxyName[];

/** The path of a proxy's configuration in its scratch folder. */
export function configurationFile(dir: string): string {
  return join(dir, "proxy.conf");
}
