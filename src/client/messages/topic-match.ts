/**
 * True when an MQTT filter matches: `+` any one level, `#` all that follow and the level before [MQTT 5.0, 4.7.1]. No
 * wildcard in the first level matches a topic that begins with `$` [4.7.2].
 */
export function matchesTopic(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const levels = topic.split("/");
  const wanted = filter.split("/");
  for (const [index, level] of wanted.entries()) {
    if (level === "#") return true;
    if (index >= levels.length || (level !== "+" && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
