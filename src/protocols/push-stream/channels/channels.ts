import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { parseTopic } from "../../../hub/topics/topic.js";
import type { Topic } from "../../../hub/topics/topic.js";
import { ChannelError } from "./channel-error.js";

/** A channel in a subscriber's request: a topic of the hub, and the number of past messages to send first. */
export interface RequestedChannel {
  readonly channel: Topic;
  /** The number of past messages to send first; 0 for none. */
  readonly backtrack: number;
}

export interface ChannelLimits {
  /** The most channels in one request. */
  readonly channels: number;
  /** The most bytes in a channel's name. */
  readonly topicBytes: number;
}

/** The most past messages of a channel that a subscriber can get. The module itself stores 20 by default. */
const mostBacktrack = 1000;

/** The suffix `.bN`. A channel's name must not end in this suffix. */
const backtrackForm = /\.b([0-9]+)$/;

/**
 * Parses a path of channels, each of which may end in `.bN`. The parser ignores empty segments, since the client
 * library's paths begin with an empty segment. The function decodes percent escapes after the split, so that a name
 * can contain a slash.
 *
 * @param path as in the request line, or decoded once
 * @throws ChannelError for no channel, too many channels, or a name that is not allowed; PharosError `bad-topic` for
 *   a malformed name
 */
export function parseChannels(path: string, limits: ChannelLimits): readonly RequestedChannel[] {
  const channels = new Map<Topic, RequestedChannel>();
  for (const segment of path.split("/")) {
    const [, count] = backtrackForm.exec(segment) ?? [];
    const name = decodeName(segment.replace(backtrackForm, ""));
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
  // In statistics, `ALL` means all channels, and `*` means all channels with a prefix.
  if (name === "ALL" || name.includes("*")) throw new ChannelError("channel-not-authorized");
  return parseTopic(name, topicBytes);
}

/**
 * Decodes the percent escapes in the name of a channel.
 *
 * @throws PharosError `bad-request` for a malformed escape or invalid UTF-8
 */
export function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new PharosError(
      "bad-request",
      `the channel ${quoteValue(text)} holds a malformed percent escape or invalid UTF-8`,
      {
        cause,
      },
    );
  }
}
