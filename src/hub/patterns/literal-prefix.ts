import type { Part } from "./pattern.js";

/** Any one level between slashes. */
export const anyLevel = Symbol("any level");

export type Level = string | typeof anyLevel;

/** The number of levels by which the index finds patterns. A URL's scheme and host together are the first level. */
const indexedLevels = 7;

/**
 * The largest number of wildcards in the indexed levels. The index searches once for each way to replace up to this
 * number of a topic's levels by wildcards.
 */
const indexedWildcards = 2;

/** The first levels of a pattern, before the first level that is neither literal text nor one whole wildcard. */
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

/** The levels under which an index holds a pattern. The first level of the pattern must be literal. */
export function placeOf(levels: readonly Level[]): readonly Level[] {
  const place: Level[] = [];
  let wildcards = 0;
  for (const level of levels.slice(0, indexedLevels)) {
    if (level === anyLevel) wildcards += 1;
    if (wildcards > indexedWildcards) break;
    place.push(level);
  }
  // Wildcards at the end do not narrow the search.
  while (place.at(-1) === anyLevel) place.pop();
  return place;
}

/**
 * The levels under which an index holds a template. Undefined if the template begins with no literal text except a
 * scheme or a slash.
 */
export function templatePlace(parts: readonly Part[]): readonly Level[] | undefined {
  const levels = levelsOf(parts);
  const [first, second, third] = levels;
  if (typeof first !== "string") return undefined;
  if ((first === "" || first.endsWith(":")) && typeof second !== "string") return undefined;
  if (first.endsWith(":") && second === "" && typeof third !== "string") return undefined;
  return placeOf(withOrigin(levels));
}

/** Joins scheme and host to one level. The levels are those of a topic, or the first levels of a template. */
export function withOrigin<L extends Level>(levels: readonly L[]): readonly (L | string)[] {
  const [scheme, empty, host, ...path] = levels;
  if (typeof scheme !== "string" || !scheme.endsWith(":") || empty !== "" || typeof host !== "string")
    return levels;
  return [`${scheme}//${host}`, ...path];
}
