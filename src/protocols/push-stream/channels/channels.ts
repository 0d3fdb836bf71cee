import { PharosError } from "../../../base/errors.js";
import { parseTopic } from "../../../hub/topics/topic.js";
import type { Topic } from "../../../hub/topics/topic.js";
import { ChannelError } from "./channel-error.js";

/** A channel as a subscriber names it: a topic of the hub, and how many of its last messages are to come first. */
export interface AskedChannel {
  readonly channel: Topic;
  /** 0 for none. */
  readonly backtrack: number;
}

export interface ChannelLimits {
  /** Of one request. */
  readonly channels: number;
  /** Bytes of one name. */
  readonly topicBytes: number;
}

/** So many of a channel's last messages may be asked for; the module itself keeps 20 as it is shipped. */
const mostBacktrack = 1000;

/** A name never ends in this. */
const backtrackForm = /\.b([0-9]+)$/;

/**
 * Reads a path of channels, each of which may end in `.bN`. Empty segments say nothing; the client library begins with
 * one. Segments are percent-decoded here, so that a channel's name may have a slash.
 *
 * @param path as in the request line, or decoded once already
 * @throws ChannelError for no channel, too many, or a name that cannot be one
 */
export function parseChannels(path: string, limits: ChannelLimits): readonly AskedChannel[] {
  const channels = new Map<Topic, AskedChannel>();
  for (const segment of path.split("/")) {
    const [, count] = backtrackForm.exec(segment) ?? [];
    const name = decoded(segment.replace(backtrackForm, ""));
    if (name === "") continue;
    const channel = parseChannel(name, limits);
    channels.set(channel, { channel, backtrack: Math.min(Number(count ?? 0), mostBacktrack) });
  }
  if (channels.size === 0) throw new ChannelError("no-channel");
  if (channels.size > limits.channels) throw new ChannelError("too-many-channels");
  return [...channels.values()];
}

function parseChannel(name: string, { topicBytes }: ChannelLimits): Topic {
  if (Buffer.byteLength(name) > topicBytes) throw new ChannelError("channel-too-long");
  // Statistics take these for all channels, and for those that begin alike.
  if (name === "ALL" || name.includes("*")) throw new ChannelError("channel-not-authorized");
  return parseTopic(name, topicBytes);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new PharosError("bad-request", "a channel holds a malformed percent escape or invalid UTF-8", {
      cause,
    });
  }
}
