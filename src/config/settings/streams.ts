import { retryMs } from "../../limits/delivery.js";
import { heartbeatSeconds } from "../../limits/fanout.js";
import { setting } from "../declare/setting.js";
import { onOrOff, pushStreamPaths } from "../values/addresses.js";
import { seconds, wholeNumber } from "../values/number.js";

const compressionNotes = `The hub compresses once for all clients that receive the same bytes. Streams with a token are not compressed by default: the length of a
compressed stream can [reveal a secret](../operating/security.md#what-pharos-does-not-hide) to an attacker who publishes next to it.`;

/** Settings of the content of streams. */
export const streamSettings = {
  heartbeatSeconds: setting({
    option: "heartbeat",
    argument: "<SECONDS>",
    value: seconds(heartbeatSeconds),
    default: heartbeatSeconds.default,
    help: "Seconds without an event after which a stream gets a heartbeat.",
  }),
  retryMs: setting({
    option: "retry",
    argument: "<MS>",
    value: wholeNumber(retryMs),
    default: retryMs.default,
    help: "Milliseconds that clients wait before they reconnect.",
  }),
  compress: setting({
    option: "compress",
    argument: "<on|off>",
    value: onOrOff,
    default: "on",
    help: "Compress streams (gzip) for clients that accept it, except streams with a token.",
    notes: compressionNotes,
  }),
  compressPrivate: setting({
    option: "compress-private",
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Also compress streams with a token; their length can then reveal a secret.",
  }),
  opaqueIds: setting({
    option: "opaque-ids",
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Encrypt event ids so that they do not reveal counts; cannot be combined with `--push-stream`.",
    notes:
      "Event ids count all publications, private ones included. The clients of the push stream module need counts.",
  }),
  subscriptions: setting({
    option: "subscriptions",
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Let tokens grant the right to see subscriptions and to receive presence events.",
  }),
  pushStream: setting({
    option: "push-stream",
    argument: "[PREFIX]",
    bare: "/",
    value: pushStreamPaths,
    default: "off",
    help: "Serve the URLs of the nginx push stream module below PREFIX; `/` if no prefix is given.",
    notes: `The paths are \`/pub\`, \`/sub\`, \`/ev\`, \`/ws/…\`, \`/lp\`, \`/jsonp\`, \`/channels-stats\` and \`/events/…\`:
[nginx push stream](../protocols/push-stream.md).`,
  }),
} as const;
