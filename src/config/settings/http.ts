import { listOf, setting, textOf } from "../declare/setting.js";
import { onOrOff, publicUrl } from "../values/addresses.js";
import { fileMode, listenAddresses } from "../values/listen-address.js";
import { networkOrUnix } from "../values/network.js";
import { wholeNumber } from "../values/number.js";
import { pageOrigin } from "../values/origin.js";

/** The address of the hub for a client on this machine. */
export const defaultHttp = "127.0.0.1:8080";

/** Settings for the built-in HTTP server and for its clients. */
export const httpSettings = {
  http: setting({
    option: "http",
    argument: "<ADDRESS>",
    value: listenAddresses,
    form: "list",
    otherwise: `\`${defaultHttp}\`, or \`off\` with \`--https\``,
    help: "Address of the HTTP front, the built-in HTTP server: `[HOST:]PORT`, `unix:/PATH`, `systemd`, or `off`.",
    notes: `In the file, one text or a list of texts. [Where the hub listens](../operating/listening.md) has the details.

| address | the hub listens on |
|---|---|
| \`8080\` | 127.0.0.1: only programs on this machine connect |
| \`192.0.2.7:8080\`, \`[2001:db8::7]:8080\` | one address |
| \`hub.example.org:8080\` | all addresses of the name that this machine has |
| \`*:8080\`, \`[::]:8080\` | all network interfaces, with IPv4 and IPv6 |
| \`0.0.0.0:8080\` | all network interfaces, with IPv4 only |
| \`0\` | a free port that the system chooses |
| \`unix:/run/pharos/http\` | a unix socket |
| \`systemd\`, \`systemd:NAME\` | the sockets that systemd passes, or those with the name |
| \`off\` | nothing; not together with other addresses |`,
  }),
  https: setting({
    option: "https",
    argument: "<ADDRESS>",
    value: listenAddresses,
    form: "list",
    default: [],
    help: "Address of the HTTP front where clients speak TLS; the forms are those of `--http`.",
    notes: "Needs `--tls-cert` and `--tls-key`. [TLS](../operating/tls.md) has the details.",
  }),
  tlsCerts: setting({
    option: "tls-cert",
    argument: "<FILE>",
    value: listOf(textOf("a file with a certificate in PEM")),
    default: [],
    help: "File with a certificate for `--https` and its intermediate certificates, in PEM.",
    notes:
      "The hub reads the files again when they change. The first certificate is for clients that ask for another name.",
  }),
  tlsKeys: setting({
    option: "tls-key",
    argument: "<FILE>",
    value: listOf(textOf("a file with a private key in PEM")),
    default: [],
    help: "File with the private key of the `--tls-cert` at the same place in the list, in PEM.",
  }),
  httpRedirect: setting({
    option: "http-redirect",
    argument: "<ADDRESS>",
    value: listenAddresses,
    form: "list",
    default: [],
    help: "Address of plain HTTP that sends all clients to the hub's https URL.",
    notes: "The redirects (308) have the host of the request and the port of `--public-url`.",
  }),
  hsts: setting({
    option: "hsts",
    argument: "<SECONDS>",
    value: wholeNumber({ from: 0, to: 315_360_000 }),
    default: 0,
    help: "Time for which browsers use only https for this host (`Strict-Transport-Security`); 0 = no such header.",
    notes: "The hub sends the header over TLS only.",
  }),
  http2: setting({
    option: "http2",
    argument: "<on|off>",
    value: onOrOff,
    default: "on",
    help: "HTTP/2 for clients with TLS that ask for it, and without TLS for proxies of `--trusted-proxy`.",
    notes: "WebSockets always use HTTP/1.1. [HTTP/2](../operating/http2.md) has the details.",
  }),
  unixMode: setting({
    option: "unix-mode",
    argument: "<MODE>",
    value: fileMode,
    default: "660",
    help: "Mode of the unix sockets of `--http`. A program needs the right to write, to connect.",
  }),
  workers: setting({
    option: "workers",
    argument: "<COUNT>",
    value: wholeNumber({ from: 0, to: 256 }),
    default: 0,
    help: "Worker processes for client connections of the HTTP front; 0 = none.",
    notes: `Use workers if one process cannot hold all connections: about one worker per 15,000 streams. If you use workers, also raise
\`limits.connections\` and \`limits.connectionsPerLocalAddress\`. Without workers, the hub's own process holds the connections.
[Workers](../operating/workers.md) has the details.`,
  }),
  publicUrl: setting({
    option: "public-url",
    argument: "<URL>",
    value: publicUrl,
    otherwise: "the HTTP front's URL",
    help: "URL of the hub for its clients.",
    notes: `The hub uses this URL for two things:

- the audience (\`aud\`) of tokens
- the base of relative topics`,
  }),
  trustedProxies: setting({
    option: "trusted-proxy",
    reload: true,
    argument: "<CIDR|unix>",
    value: listOf(networkOrUnix),
    default: [],
    help: "Proxy, or network of proxies, whose `X-Forwarded-For` header the hub trusts; `unix` for unix sockets.",
    notes: "[Proxies](../operating/proxies.md) has examples.",
  }),
  proxyProtocol: setting({
    option: "proxy-protocol",
    argument: "<CIDR|unix>",
    value: listOf(networkOrUnix),
    default: [],
    help: "Proxy, or network of proxies, that begins each connection with a PROXY header; `unix` for unix sockets.",
    notes: `Versions 1 and 2. From these peers, the header is mandatory. From others, the hub accepts none.
[Where the hub listens](../operating/listening.md#proxy-protocol) has examples.`,
  }),
  corsOrigins: setting({
    option: "cors-origin",
    reload: true,
    argument: "<ORIGIN>",
    value: listOf(pageOrigin),
    default: [],
    help: "Origin whose pages may read streams.",
    notes: `Allowed forms, for \`--publish-origin\` too:

- an exact origin, as browsers send it: \`https://app.example.org\`, \`capacitor://localhost\`, \`tauri://localhost\`, \`chrome-extension://ID\`
- one \`*\` for the first part of the host, or for the port: \`https://*.example.org\`, \`http://localhost:*\`, \`moz-extension://*\`
- \`*\` for all origins
- \`null\`, the origin of sandboxed iframes and of some apps' local pages

For \`*\` and \`null\`, the hub ignores cookies: such pages read what their token in a header allows, or public topics.
[Tokens](../guides/tokens.md#cors) has the details.`,
  }),
} as const;
