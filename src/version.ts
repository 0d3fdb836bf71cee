import { readFileSync } from "node:fs";

/** The version in the package.json of this package. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const content: unknown = JSON.parse(text);
  const known = typeof content === "object" && content !== null && "version" in content;
  return known ? String(content.version) : "unknown";
}
