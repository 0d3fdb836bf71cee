import { PharosError } from "../../base/errors.js";
import { defaultPublicationLimits } from "../../limits/publications.js";
import { mercurePath, streamPath } from "../../protocol.js";
import { isBelowHub } from "./reserved-topics.js";

const { topicBytes } = defaultPublicationLimits;

declare const topicBrand: unique symbol;

/** What publications are published to. Only {@link parseTopic} makes one. */
export type Topic = string & { readonly [topicBrand]: true };

/** Control characters and lone surrogates, which are not UTF-8. Names with joiners, as Persian and emoji use, are names. */
const forbidden = /[\p{Cc}\p{Cs}]/u;

/** True when `text` holds a control character or a lone surrogate, which no topic, filter, id or type may. */
export function hasForbiddenCharacter(text: string): boolean {
  return forbidden.test(text);
}

/**
 * Takes any text as a topic; `c#` and `a+b` are legal topics, nothing is normalised.
 *
 * @throws PharosError `bad-topic` when it is empty, longer than `maxBytes`, exactly `*`, in the hub's own namespace as
 *   {@link isBelowHub} has it, the path of streams or below it, or holds a control character or a lone surrogate.
 */
export function parseTopic(text: string, maxBytes = topicBytes): Topic {
  const topic = parseHubTopic(text, maxBytes);
  const isOwnPath = [streamPath, mercurePath].includes(text) || text.startsWith(`${streamPath}/`);
  if (isOwnPath || isBelowHub(text)) {
    throw new PharosError("bad-topic", "the hub's own path is reserved and cannot be a topic");
  }
  return topic;
}

/**
 * Takes what {@link parseTopic} takes, and the hub's own path: what the hub publishes itself, and what may be subscribed
 * to.
 *
 * @throws PharosError `bad-topic`
 */
export function parseHubTopic(text: string, maxBytes = topicBytes): Topic {
  if (text === "") throw new PharosError("bad-topic", "a topic must not be empty");
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) {
    throw new PharosError("bad-topic", `a topic may have at most ${maxBytes} bytes`);
  }
  if (text === "*") throw new PharosError("bad-topic", "the topic * is reserved: it stands for every topic");
  if (hasForbiddenCharacter(text)) {
    throw new PharosError("bad-topic", "a topic must not hold control characters or invalid UTF-8");
  }
  return text as Topic;
}
