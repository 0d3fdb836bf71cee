/** The characters that a run matches. */
export type Letters =
  | { readonly kind: "any" }
  /** Every character except the delimiter: the characters of one segment. */
  | { readonly kind: "without"; readonly delimiter: string }
  /** Characters whose ASCII codes are marked, and bytes written as `%XX`. */
  | { readonly kind: "escaped"; readonly codes: Uint8Array };

/**
 * A part of a pattern. Parts have no back-references and no look-around, so the matcher never backtracks.
 * - `text`: exactly this text
 * - `run`: at least `atLeast` (0 or 1) and at most `atMost` characters
 * - `choice`: one of several sequences
 * - `repeat`: a sequence, any number of times
 * - `joined`: nothing, or `first` and then some of several sequences, in order and separated by `separator`
 */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "run"; readonly letters: Letters; readonly atLeast: 0 | 1; readonly atMost?: number }
  | { readonly kind: "choice"; readonly of: readonly (readonly Part[])[] }
  | { readonly kind: "repeat"; readonly of: readonly Part[] }
  | {
      readonly kind: "joined";
      readonly first: string;
      readonly separator: string;
      readonly of: readonly (readonly Part[])[];
    };

/** The part that is exactly this text. */
export function text(text: string): Part {
  return { kind: "text", text };
}

/**
 * The largest number of varying parts: more parts slow down all publishers. 64 is also the limit on levels of an MQTT
 * filter.
 */
export const maxVaryingParts = 64;

/** The number of varying parts, including nested parts. This number is the cost of matching for each character. */
export function countVarying(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + (part.kind === "text" ? 0 : 1 + countWithin(part)), 0);
}

function countWithin(part: Part): number {
  switch (part.kind) {
    case "text":
    case "run":
      return 0;
    case "repeat":
      return countVarying(part.of);
    case "choice":
    case "joined":
      return part.of.reduce((sum, parts) => sum + countVarying(parts), 0);
    default:
      return part satisfies never;
  }
}

/** Joins neighbouring texts, so that the matcher compares the joined text in one operation. */
export function joinTexts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === "text" && last?.kind === "text")
      joined[joined.length - 1] = text(last.text + part.text);
    else if (part.kind !== "text" || part.text !== "") joined.push(part);
  }
  return joined;
}

/** Letters for a run of these characters, and of bytes written as `%XX`. */
export function escapedLetters(letters: string): Letters {
  const codes = new Uint8Array(128);
  for (let at = 0; at < letters.length; at += 1) codes[letters.charCodeAt(at)] = 1;
  return { kind: "escaped", codes };
}
