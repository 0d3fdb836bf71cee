/**
 * True if an MQTT filter matches a topic. `+` matches one level; `#` matches the level before the `#` and all later
 * levels [MQTT 5.0, 4.7.1]. A wildcard in the first level does not match topics that begin with `$` [4.7.2].
 */
export function matchesTopic(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const levels = topic.split("/");
  const patterns = filter.split("/");
  for (const [index, pattern] of patterns.entries()) {
    if (pattern === "#") return true;
    if (index >= levels.length || (pattern !== "+" && pattern !== levels[index])) return false;
  }
  return patterns.length === levels.length;
}
