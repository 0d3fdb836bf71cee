import { logLevels } from "../../base/log.js";
import { closeOverSeconds, drainSeconds } from "../../limits/stopping.js";
import { setting, textOf } from "../declare/setting.js";
import { httpAddress, oneOf } from "../values/addresses.js";
import { adminToken } from "../values/admin-token.js";
import { webhookSecret, webhookUrl } from "../values/webhook.js";
import { nodeName } from "../values/node-name.js";
import { seconds } from "../values/number.js";

/** The default admin address. Its port is the one after the default port of the HTTP front. */
export const defaultAdmin = { host: "127.0.0.1", port: 8081 } as const;

/** Settings for metrics, status and log. */
export const operatingSettings = {
  admin: setting({
    option: "admin",
    argument: "<[HOST:]PORT|off>",
    value: httpAddress,
    otherwise: `\`${defaultAdmin.host}:${defaultAdmin.port}\``,
    help: "Address of `/metrics`, `/stats`, `/livez`, `/readyz` and the operator page.",
    notes:
      "If the default port is in use, the hub logs a warning and runs without an admin address. If a port that you set is in use, the hub does not start.",
  }),
  adminToken: setting({
    option: "admin-token",
    reload: true,
    argument: "<TOKEN>",
    secret: true,
    value: adminToken,
    help: "Token that lets other machines read the admin address.",
    notes: "Without a token, only programs on this machine can read the admin address.",
  }),
  node: setting({
    option: "node",
    argument: "<NAME>",
    value: nodeName,
    otherwise: "the name of the host, and the port of `--http`",
    help: "Name of this hub in the list of all hubs that use the same journal.",
    notes: "For operators only. Hubs can have the same name.",
  }),
  webhook: setting({
    option: "webhook",
    reload: true,
    argument: "<URL>",
    value: webhookUrl,
    help: "URL that gets a signed request about the begin and the end of each stream.",
    notes:
      "Needs PHAROS_WEBHOOK_SECRET. [Webhooks](../operating/webhooks.md) lists the fields, and shows how to verify the signature.",
  }),
  webhookSecret: setting({
    option: "webhook-secret",
    reload: true,
    argument: "<SECRET>",
    secret: true,
    value: webhookSecret,
    help: "Secret that signs webhooks: `whsec_` and 24 to 64 bytes in base64, as in Standard Webhooks.",
  }),
  webhookCa: setting({
    option: "webhook-ca",
    argument: "<FILE>",
    value: textOf("the path of a PEM file with certificates"),
    help: "Certificates of the authorities that the hub trusts for an https URL of `--webhook`.",
    otherwise: "the authorities that Node.js trusts",
  }),
  accessLog: setting({
    option: "access-log",
    argument: "<FILE|->",
    value: textOf("the path of a file, - for standard output, or off"),
    default: "off",
    help: "File for one line of JSON for each finished request and stream; `-` means standard output, `off` none.",
    notes: "[Access log](../operating/access-log.md) lists the fields, and shows how to rotate the file.",
  }),
  drainSeconds: setting({
    option: "drain",
    reload: true,
    argument: "<SECONDS>",
    value: seconds(drainSeconds),
    default: drainSeconds.default,
    help: "Seconds after SIGTERM during which the hub still serves, but `/readyz` answers 503.",
    notes: `Set a longer time than the load balancer needs to notice it: [stop a hub](../operating/stopping.md).`,
  }),
  closeOverSeconds: setting({
    option: "close-over",
    reload: true,
    argument: "<SECONDS>",
    value: seconds(closeOverSeconds),
    default: closeOverSeconds.default,
    help: "Seconds over which the hub ends its streams after SIGTERM, and after `--drain`.",
    notes: `The streams end evenly, so that their clients do not all reconnect at once. Without streams, the hub stops at once. After SIGINT
(Ctrl-C), all streams end at once.`,
  }),
  logLevel: setting({
    option: "log-level",
    reload: true,
    argument: "<LEVEL>",
    value: oneOf(logLevels),
    default: "info",
    help: `Lowest level of messages that the hub logs: ${logLevels.join(", ")}.`,
  }),
} as const;
