import { anyLevel } from "../patterns/literal-prefix.js";
import type { Level } from "../patterns/literal-prefix.js";
import type { TopicFilter } from "./filter.js";
import { isBelow } from "../topics/topic.js";
import type { Topic } from "../topics/topic.js";
import { urlLevels } from "../patterns/url-pattern.js";

/**
 * True if a filter may match a topic below `parent`, as `a/b` is below `a`. The result is never false for a filter that
 * matches such a topic. The result can be true for a pattern that matches none, because only the first levels of
 * patterns are compared.
 */
export function mayMatchBelow(filter: TopicFilter, parent: Topic): boolean {
  switch (filter.kind) {
    case "exact":
      return isBelow(filter.topic, parent);
    case "all":
      return true;
    case "mqtt":
      return agree(filter.levels.map(mqttLevel), parent.split("/"));
    case "template":
      return filter.place === undefined || agree(filter.place, parent.split("/"));
    case "urlpattern": {
      const url = filter.urls.parse(parent);
      return filter.place === undefined || url === undefined || agree(filter.place, urlLevels(url));
    }
    default:
      return filter satisfies never;
  }
}

function mqttLevel(level: string): Level | undefined {
  if (level === "#") return undefined;
  return level === "+" ? anyLevel : level;
}

/** Compares the levels that both lists have, up to a level that stands for any number of levels. */
function agree(pattern: readonly (Level | undefined)[], levels: readonly string[]): boolean {
  for (const [index, level] of levels.entries()) {
    const wanted = pattern[index];
    if (wanted === undefined) return true;
    if (wanted !== anyLevel && wanted !== level) return false;
  }
  return true;
}
