import type { Part } from "./pattern.js";

/** Any one level between slashes. */
export const anyLevel = Symbol("any level");

export type Level = string | typeof anyLevel;

/** A pattern is found by at most so many levels, the first of them a URL's scheme and host. */
const indexedLevels = 7;

/** A topic may be found in as many places as there are ways to put so many wildcards into its levels. */
const indexedWildcards = 2;

/** The levels that a pattern begins with, as far as each is a literal text or one whole wildcard. */
export function levelsOf(parts: readonly Part[]): readonly Level[] {
  const levels: Level[] = [];
  let open: Level = "";
  for (const part of parts) {
    if (part.kind === "text") {
      const [rest = "", ...next] = part.text.split("/");
      if (open === anyLevel ? rest !== "" : false) return levels;
      open = open === anyLevel ? open : open + rest;
      for (const level of next) {
        levels.push(open);
        open = level;
      }
    } else if (open === "" && staysInLevel(part)) open = anyLevel;
    else return levels;
  }
  return [...levels, open];
}

function staysInLevel(part: Part): boolean {
  if (part.kind !== "run") return false;
  const { letters } = part;
  if (letters.kind === "without") return letters.delimiter === "/";
  return letters.kind === "escaped" && letters.codes["/".charCodeAt(0)] !== 1;
}

/** Where an index holds a pattern with these levels, the first of which is literal. */
export function placeOf(levels: readonly Level[]): readonly Level[] {
  const place: Level[] = [];
  let wildcards = 0;
  for (const level of levels.slice(0, indexedLevels)) {
    if (level === anyLevel) wildcards += 1;
    if (wildcards > indexedWildcards) break;
    place.push(level);
  }
  // What ends in wildcards is found without them.
  while (place.at(-1) === anyLevel) place.pop();
  return place;
}

/**
 * Where an index of templates holds one with these parts; undefined when it begins with nothing literal that says more
 * than a scheme or a slash.
 */
export function templatePlace(parts: readonly Part[]): readonly Level[] | undefined {
  const levels = levelsOf(parts);
  const [first, second, third] = levels;
  if (typeof first !== "string") return undefined;
  if ((first === "" || first.endsWith(":")) && typeof second !== "string") return undefined;
  if (first.endsWith(":") && second === "" && typeof third !== "string") return undefined;
  return placeOf(withOrigin(levels));
}

/** The levels of a topic, or of what a template begins with; scheme and host are one. */
export function withOrigin<L extends Level>(levels: readonly L[]): readonly (L | string)[] {
  const [scheme, empty, host, ...path] = levels;
  if (typeof scheme !== "string" || !scheme.endsWith(":") || empty !== "" || typeof host !== "string")
    return levels;
  return [`${scheme}//${host}`, ...path];
}
