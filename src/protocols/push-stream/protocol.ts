import type { QuietFormat, Protocol, ProtocolPorts } from "../../gateway/protocol.js";
import { ChannelDeletions } from "./channels/channel-deletions.js";
import { pushStreamFormats } from "./messages/formats.js";
import { Stamps } from "./messages/stamps.js";
import { pushStream } from "./push-stream.js";

/**
 * These formats have no stamps of a hub, so they can only write heartbeats. The heartbeats are the same for every
 * hub.
 */
const { longPoll, stream, eventsource, websocket } = pushStreamFormats({
  of: () => ({ time: 0, tag: 0 }),
});
const formats: readonly QuietFormat[] = [
  longPoll,
  ...[stream, eventsource, websocket].flatMap(({ positions, plain }) => [positions, plain]),
];

/** The URL scheme and the message formats of the nginx push stream module; off by default. */
export const pushStreamProtocol: Protocol = Object.freeze({
  name: "push-stream",
  formats,
  resources: (ports: ProtocolPorts) => {
    const { config, history } = ports;
    const { pushStream: paths, pushStreamTemplate: template } = config.current;
    if (paths === "off") return [];
    const { journal } = ports;
    const stamps = new Stamps(() => journal.beganMs);
    journal.keep(stamps);
    journal.follow(stamps);
    const limits = config.derive((settings) => settings.limits);
    const deletions = new ChannelDeletions(ports);
    journal.keep(deletions);
    return pushStream({ ...ports, prefix: paths.prefix, template, history, stamps, limits, deletions });
  },
});
