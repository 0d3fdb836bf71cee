import { retryMs } from "../../limits/delivery.js";
import { heartbeatSeconds, maxStreamAgeSeconds } from "../../limits/fanout.js";
import { setting, textOf } from "../declare/setting.js";
import { onOrOff, pushStreamPaths } from "../values/addresses.js";
import { seconds, wholeNumber } from "../values/number.js";

const compressionNotes = `The hub compresses once for all clients that receive the same bytes. It compresses only for clients that have \`text/event-stream\` in their
\`Accept\` header: some HTTP libraries accept gzip by default, but output nothing before the end of the response. By default, the hub does not compress streams with a token. The length
of a compressed stream can [reveal a secret](../operating/security.md#what-pharos-does-not-hide) to an attacker who publishes to the same stream.`;

/** Settings for the content of streams. */
export const streamSettings = {
  heartbeatSeconds: setting({
    option: "heartbeat",
    reload: true,
    argument: "<SECONDS>",
    value: seconds(heartbeatSeconds),
    default: heartbeatSeconds.default,
    help: "Seconds without an event after which the hub sends a heartbeat on a stream.",
  }),
  maxStreamAgeSeconds: setting({
    option: "max-stream-age",
    reload: true,
    argument: "<SECONDS>",
    value: seconds(maxStreamAgeSeconds),
    default: maxStreamAgeSeconds.default,
    help: "Seconds after which the hub ends a stream, so that its client reconnects and resumes; 0 = never.",
    notes: `Each stream ends after 80 to 100% of this time. Use this setting where the hub cannot see that a client has vanished: behind a proxy that keeps its
connections to the hub open, behind Mongrel2, or on systems other than Linux. See [vanished clients](../operating/monitoring.md#vanished-clients).`,
  }),
  retryMs: setting({
    option: "retry",
    reload: true,
    argument: "<MS>",
    value: wholeNumber(retryMs),
    default: retryMs.default,
    help: "Milliseconds that clients wait before they reconnect, plus up to 50%, random for each stream.",
    notes: `Each stream gets a time of its own, so that the clients of a hub that restarts do not all return at the same moment: with 5000, the
first clients return after 5 s and the last after 7.5 s. Set a longer time if a restart disconnects more clients than the hub can accept in half of this time. The \`retry\` of a
publication replaces the time of its subscribers.`,
  }),
  compress: setting({
    option: "compress",
    reload: true,
    argument: "<on|off>",
    value: onOrOff,
    default: "on",
    help: "Compress streams for clients that accept gzip, except streams with a token.",
    notes: compressionNotes,
  }),
  compressPrivate: setting({
    option: "compress-private",
    reload: true,
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Also compress streams with a token; the compressed length can then reveal a secret.",
  }),
  opaqueIds: setting({
    option: "opaque-ids",
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Encrypt event ids, so that the ids do not reveal the number of publications. Cannot be combined with `--push-stream`.",
    notes:
      "Unencrypted event ids count all publications, private ones included. Clients of the push stream module need such counts.",
  }),
  subscriptions: setting({
    option: "subscriptions",
    argument: "[on|off]",
    bare: "on",
    value: onOrOff,
    default: "off",
    help: "Let tokens grant the right to list subscriptions and to receive presence events: one for each start or end of a subscription.",
  }),
  pushStream: setting({
    option: "push-stream",
    argument: "[PREFIX]",
    bare: "/",
    value: pushStreamPaths,
    default: "off",
    help: "Serve the URLs of the nginx push stream module below PREFIX; without a prefix, below `/`.",
    notes: `The paths are \`/pub\`, \`/sub\`, \`/ev\`, \`/ws/…\`, \`/lp\`, \`/jsonp\`, \`/channels-stats\` and \`/events/…\`:
[nginx push stream](../protocols/push-stream.md).`,
  }),
  pushStreamTemplate: setting({
    option: "push-stream-template",
    argument: "<TEXT>",
    value: textOf("a text with placeholders such as ~text~"),
    help: "Template of the messages for clients of the push stream module, as `push_stream_message_template`.",
    otherwise: "the template of `pushstream.js`",
    notes:
      "For the modes event stream, WebSocket and long polling. [nginx push stream](../protocols/push-stream.md#message-templates) lists the placeholders. `~text~` is the text as it was published.",
  }),
} as const;
