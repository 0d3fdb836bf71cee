import { keepAliveSeconds, targetCount } from "../../limits/delivery.js";
import { listOf, setting, textOf } from "../declare/setting.js";
import { mongrel2Specs } from "../values/addresses.js";
import { seconds, wholeNumber } from "../values/number.js";

/** Settings for Mongrel2 servers in front of the hub. */
export const mongrel2Settings = {
  mongrel2: setting({
    option: "mongrel2",
    argument: "<SEND,RECV[,CONTROL]>",
    value: listOf(mongrel2Specs),
    default: [],
    help: "Mongrel2 server in front of the hub: its `send_spec`, `recv_spec` and control port.",
    notes: "[Mongrel2](../operating/mongrel2.md) has a working configuration.",
  }),
  targets: setting({
    option: "targets",
    argument: "<COUNT>",
    value: wholeNumber(targetCount),
    default: targetCount.default,
    help: "Highest number of clients in one message to Mongrel2; at most the `limits.handler_targets` of Mongrel2.",
    notes:
      "By default, Mongrel2 accepts up to 128 clients in one message. Mongrel2 drops a message with more clients.",
  }),
  keepAliveSeconds: setting({
    option: "keep-alive",
    argument: "<SECONDS>",
    value: seconds(keepAliveSeconds),
    default: keepAliveSeconds.default,
    help: "Seconds between two keep-alive messages to Mongrel2; 0 = none.",
    notes: "Mongrel2 closes a connection after about two minutes without data.",
  }),
  stateDir: setting({
    option: "state-dir",
    argument: "<FOLDER|off>",
    value: textOf("the path of a folder, or off"),
    otherwise: "`$XDG_STATE_HOME/pharos`, or `~/.local/state/pharos`",
    help: "Folder where the hub records open streams, so that the hub can close them after a restart.",
    notes:
      "Without this record, clients that were connected when the hub crashed stay connected and receive nothing.",
  }),
} as const;
