import { listOf, setting, textOf } from "../declare/setting.js";
import { controlEndpoint, ingestEndpoint, onOrOff } from "../values/addresses.js";
import { seconds } from "../values/number.js";
import { pageOrigin } from "../values/origin.js";

/** The address of the hub for a publisher on this machine. */
export const defaultIngest = "tcp://127.0.0.1:9997";

/** Seconds between two publications of a beacon, for this setting and for the command `beacon`. */
export const beaconInterval = { default: 5, from: 0.01, to: 86_400 } as const;

/** Settings for publishing: endpoints and rights. */
export const publishingSettings = {
  ingest: setting({
    option: "ingest",
    argument: "<ENDPOINT>",
    value: listOf(ingestEndpoint),
    default: [`@${defaultIngest}`],
    help: "ZeroMQ endpoint for publications: `@` binds, `>` connects.",
  }),
  ingestCurve: setting({
    option: "ingest-curve",
    argument: "<FILE>",
    value: textOf("the path of a file that pharos keys created"),
    help: "CURVE keys for ZeroMQ publishers on other machines.",
    notes: `Without this file, the hub refuses to bind an ingest endpoint that other machines can reach. \`pharos keys\` creates the file:
[Publishing](../guides/publishing.md#from-another-machine).`,
  }),
  open: setting({
    option: "open",
    reload: true,
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Let programs on this machine publish over HTTP without a token.",
    notes: `Requests that come through Mongrel2 or a proxy still need a token. [Tokens](../guides/tokens.md#publishing-without-a-token) lists the
conditions.`,
  }),
  publishOrigins: setting({
    option: "publish-origin",
    reload: true,
    argument: "<ORIGIN>",
    value: listOf(pageOrigin),
    default: [],
    help: "Origin whose pages may publish with a cookie.",
    notes: `The allowed forms are those of \`--cors-origin\`. With \`*\` or \`null\`, only \`SameSite\` cookies protect against foreign pages.`,
  }),
  beaconSeconds: setting({
    option: "beacon",
    reload: true,
    argument: "[SECONDS]",
    bare: String(beaconInterval.default),
    value: seconds(beaconInterval),
    help: `Publish the time every SECONDS seconds; without a number, every ${beaconInterval.default} seconds.`,
  }),
  control: setting({
    option: "control",
    argument: "<ENDPOINT>",
    value: controlEndpoint,
    help: "ZeroMQ `ipc` endpoint for control messages: `@` binds, `>` connects. The message `shutdown` stops the hub in order.",
  }),
} as const;
