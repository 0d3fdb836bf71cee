import { PharosError } from "../errors.js";
import { defaultTopicBytes, hasForbiddenCharacter, parseTopic } from "./topic.js";
import type { Topic } from "./topic.js";

/** Bounds a filter's share of the trie: 1,024 bytes could otherwise be 513 levels, each a node. */
export const maxFilterLevels = 64;

/**
 * What subscribers subscribe with.
 * - `exact`: the one topic, byte for byte
 * - `mqtt`: levels between slashes, `+` for any one level, a last `#` for any number of further ones
 * - `all`: every topic, `$` topics included
 */
export type TopicFilter =
  | { readonly kind: "exact"; readonly text: string; readonly topic: Topic }
  | { readonly kind: "mqtt"; readonly text: string; readonly levels: readonly string[] }
  | { readonly kind: "all"; readonly text: string };

export const allTopics: TopicFilter = Object.freeze({ kind: "all", text: "*" });

/**
 * Reads a filter in MQTT's form [MQTT 5.0, 4.7]. Without a wildcard it is an exact filter.
 *
 * @throws PharosError `bad-filter` when `#` is not alone in the last level, `+` is not alone in its level, there are
 *   more than 64 levels, or the text would be refused as a topic for its length or characters.
 */
export function parseMqttFilter(text: string, maxBytes = defaultTopicBytes): TopicFilter {
  if (text === "") throw new PharosError("bad-filter", "a topic filter must not be empty");
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) {
    throw new PharosError("bad-filter", `a topic filter may have at most ${maxBytes} bytes`);
  }
  if (hasForbiddenCharacter(text)) {
    throw new PharosError("bad-filter", "a topic filter must not hold control characters or invalid UTF-8");
  }
  if (!text.includes("+") && !text.includes("#")) return exactFilter(text, maxBytes);
  const levels = text.split("/");
  checkLevels(levels);
  return { kind: "mqtt", text, levels };
}

function exactFilter(text: string, maxBytes: number): TopicFilter {
  try {
    return { kind: "exact", text, topic: parseTopic(text, maxBytes) };
  } catch (error) {
    throw new PharosError("bad-filter", `this filter can match no topic: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function checkLevels(levels: readonly string[]): void {
  if (levels.length > maxFilterLevels) {
    throw new PharosError("bad-filter", `a topic filter may have at most ${maxFilterLevels} levels`);
  }
  for (const [index, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || index !== levels.length - 1)) {
      throw new PharosError(
        "bad-filter",
        "# must stand alone in the last level of a topic filter, as in news/#",
      );
    }
    if (level.includes("+") && level !== "+") {
      throw new PharosError(
        "bad-filter",
        "+ must stand alone in its level of a topic filter, as in news/+/sport",
      );
    }
  }
}

/** True when `topic` is matched. One filter against one topic: the trie is for many. */
export function matchesFilter(filter: TopicFilter, topic: Topic): boolean {
  switch (filter.kind) {
    case "exact":
      return filter.topic === topic;
    case "all":
      return true;
    case "mqtt":
      return matchesLevels(filter.levels, topic);
    default:
      return filter satisfies never;
  }
}

/** A wildcard in the first level matches no topic that begins with `$` [MQTT 5.0, 4.7.2]; `a/#` matches `a` too [4.7.1.2]. */
function matchesLevels(filter: readonly string[], topic: Topic): boolean {
  if (topic.startsWith("$") && (filter[0] === "+" || filter[0] === "#")) return false;
  const levels = topic.split("/");
  for (const [index, level] of filter.entries()) {
    if (level === "#") return true;
    if (index >= levels.length) return false;
    if (level !== "+" && level !== levels[index]) return false;
  }
  return filter.length === levels.length;
}

/** A stable name for a set of filters: order and repetition do not count. */
export function filterSetKey(filters: readonly TopicFilter[]): string {
  return JSON.stringify([...new Set(filters.map((filter) => `${filter.kind}:${filter.text}`))].sort());
}
