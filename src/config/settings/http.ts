import { listOf, setting } from "../declare/setting.js";
import { httpAddress, publicUrl } from "../values/addresses.js";
import { network } from "../values/network.js";
import { wholeNumber } from "../values/number.js";
import { pageOrigin } from "../values/origin.js";

/** The address of the hub for a client on this machine. */
export const defaultHttp = "127.0.0.1:8080";

/** Settings for the built-in HTTP server and for its clients. */
export const httpSettings = {
  http: setting({
    option: "http",
    argument: "<[HOST:]PORT|off>",
    value: httpAddress,
    default: defaultHttp,
    help: "Address of the HTTP front, the built-in HTTP server. With port 0 the system chooses a free port.",
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
    argument: "<CIDR>",
    value: listOf(network),
    default: [],
    help: "Proxy, or network of proxies, whose `X-Forwarded-For` header the hub trusts.",
    notes: "[Proxies](../operating/proxies.md) has examples.",
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
