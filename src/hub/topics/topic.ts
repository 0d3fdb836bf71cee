import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { defaultPublicationLimits } from "../../limits/publications.js";
import { mercurePath, streamPath } from "../../protocol.js";
import { isBelowHub } from "./reserved-topics.js";

const { topicBytes } = defaultPublicationLimits;

declare const topicBrand: unique symbol;

/** A valid topic. Only {@link parseTopic} and {@link parseHubTopic} create topics. */
export type Topic = string & { readonly [topicBrand]: true };

/**
 * Control characters and lone surrogates. Lone surrogates are not valid in UTF-8. Joiners are allowed: Persian names
 * and emoji use joiners.
 */
const forbidden = /[\p{Cc}\p{Cs}]/u;

/**
 * True if `text` holds a control character or a lone surrogate. Topics, filters, ids and event types must not hold such
 * characters.
 */
export function hasForbiddenCharacter(text: string): boolean {
  return forbidden.test(text);
}

/** Unicode's category Cf: joiners, direction marks and other invisible characters [draft-dunglas-mercure-08, Matchers]. */
const formatCharacter = /\p{Cf}/u;

/** True if `text` holds an invisible character. Matchers of the Mercure protocol must not hold invisible characters. */
export function hasFormatCharacter(text: string): boolean {
  return formatCharacter.test(text);
}

/**
 * Validates a topic. Apart from the errors below, any text is a topic, also `c#` and `a+b`. Topics are not
 * normalised.
 *
 * @throws PharosError `bad-topic` if the text
 * - is empty, or longer than `maxBytes`
 * - is exactly `*`
 * - has a control character or a lone surrogate
 * - is in the hub's own namespace (see {@link isBelowHub})
 * - is the path of streams, or below that path
 */
export function parseTopic(text: string, maxBytes = topicBytes): Topic {
  const topic = parseHubTopic(text, maxBytes);
  const isOwnPath = [streamPath, mercurePath].includes(text) || text.startsWith(`${streamPath}/`);
  if (isOwnPath || isBelowHub(text)) {
    throw new PharosError(
      "bad-topic",
      `the topic ${quoteValue(text)} is reserved: the hub's own topics are ${streamPath}, ${mercurePath} and all topics below these paths`,
    );
  }
  return topic;
}

/**
 * Validates a topic as {@link parseTopic} does, but allows the hub's own namespace. The hub publishes to topics in its
 * namespace, and clients may subscribe to these topics.
 *
 * @throws PharosError `bad-topic`
 */
export function parseHubTopic(text: string, maxBytes = topicBytes): Topic {
  if (text === "") throw new PharosError("bad-topic", "a topic must not be empty");
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) {
    throw new PharosError(
      "bad-topic",
      `a topic may have at most ${maxBytes} bytes, not ${Buffer.byteLength(text)}`,
    );
  }
  if (text === "*") throw new PharosError("bad-topic", "the topic * is reserved: it stands for every topic");
  if (hasForbiddenCharacter(text)) {
    throw new PharosError(
      "bad-topic",
      `a topic must not hold control characters or invalid UTF-8, as ${quoteValue(text)} does`,
    );
  }
  return text as Topic;
}

/** True if `topic` begins with `parent` and a slash, and is longer. */
export function isBelow(topic: Topic, parent: Topic): boolean {
  return topic.startsWith(parent) && topic[parent.length] === "/";
}
