/** Which characters a run may take. */
export type Letters =
  | { readonly kind: "any" }
  /** Every character but this one: what a segment may hold. */
  | { readonly kind: "without"; readonly delimiter: string }
  /** Characters of this set, and bytes written `%XX`, which count as one. */
  | { readonly kind: "escaped"; readonly set: ReadonlySet<string> };

/**
 * What a text may be made of. There are no references back and none around, so that a match needs no second try.
 * - `text`: exactly this
 * - `run`: `atLeast` 0 or 1 characters, up to `atMost`
 * - `choice`: one of these sequences
 * - `repeat`: the sequence any number of times
 * - `joined`: nothing, or some of these sequences in their order, behind `first` and with `separator` between them
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

/** Counts the places that matching has looked at. */
export interface Work {
  steps: number;
}

export function text(text: string): Part {
  return { kind: "text", text };
}

/** A pattern with more parts that vary costs all publishers; 64 are as many as an MQTT filter may have levels. */
export const maxVaryingParts = 64;

/** How many parts vary, those inside others included: what matching costs for each character. */
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

/** Joins neighbouring texts, so that each is compared in one go. */
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

/**
 * True when the whole text is made of these parts. All places that a part can end at are followed at once: the work is
 * at most the number of parts times the length of the text, whatever both are [draft-dunglas-mercure-08, URL Pattern:
 * linear time].
 *
 * @param work counts on, for tests that bound it
 */
export function isMadeOf(parts: readonly Part[], text: string, work: Work = { steps: 0 }): boolean {
  const first = parts[0];
  if (first?.kind === "text" && !text.startsWith(first.text)) return false;
  const last = parts.at(-1);
  if (last?.kind === "text" && !text.endsWith(last.text)) return false;
  return new Walk(text, work).through(parts, [0]).at(-1) === text.length;
}

/** Places between characters, in ascending order. */
type Places = readonly number[];

class Walk {
  readonly #text: string;
  readonly #work: Work;

  constructor(text: string, work: Work) {
    this.#text = text;
    this.#work = work;
  }

  /** Where the sequence can end that begins at one of these places. */
  through(parts: readonly Part[], from: Places): Places {
    let places = from;
    for (const part of parts) {
      if (places.length === 0) return places;
      this.#work.steps += places.length;
      places = this.#past(part, places);
    }
    return places;
  }

  #past(part: Part, from: Places): Places {
    switch (part.kind) {
      case "text":
        return from.flatMap((at) => (this.#text.startsWith(part.text, at) ? [at + part.text.length] : []));
      case "run":
        return this.#run(part, from);
      case "choice":
        return part.of.map((parts) => this.through(parts, from)).reduce(union, []);
      case "repeat":
        return this.#repeat(part.of, from);
      case "joined":
        return this.#joined(part, from);
      default:
        return part satisfies never;
    }
  }

  /** One sweep over the text, with the fewest characters that lead to each place. */
  #run({ letters, atLeast, atMost = Infinity }: Part & { readonly kind: "run" }, from: Places): Places {
    const fewest: (number | undefined)[] = [];
    const ends: number[] = [];
    let furthest = from.at(-1) ?? -1;
    let next = 0;
    for (let at = from[0] ?? 0; at <= furthest; at += 1) {
      const isStart = from[next] === at;
      if (isStart) next += 1;
      const reached = fewest[at];
      if (reached === undefined && !isStart) continue;
      this.#work.steps += 1;
      if (reached !== undefined || atLeast === 0) ends.push(at);
      const width = widthAt(this.#text, at, letters);
      const count = (isStart ? 0 : (reached ?? 0)) + (width === 3 ? weightAt(this.#text, at) : 1);
      if (width === 0 || count > atMost) continue;
      fewest[at + width] = Math.min(count, fewest[at + width] ?? Infinity);
      furthest = Math.max(furthest, at + width);
    }
    return ends;
  }

  /** Only places that are new go on, so that each comes once. */
  #repeat(parts: readonly Part[], from: Places): Places {
    const all = new Set(from);
    for (let fresh = from; fresh.length > 0;) {
      fresh = this.through(parts, fresh).filter((at) => !all.has(at));
      for (const at of fresh) all.add(at);
    }
    return [...all].sort(ascending);
  }

  #joined(part: Part & { readonly kind: "joined" }, from: Places): Places {
    let some: Places = [];
    for (const parts of part.of) {
      const alone = this.through([text(part.first), ...parts], from);
      const after = this.through([text(part.separator), ...parts], some);
      some = union(union(some, alone), after);
    }
    return union(from, some);
  }
}

/** How much of the text one character of a run takes here; 0 when there is none. */
function widthAt(text: string, at: number, letters: Letters): 0 | 1 | 3 {
  const letter = text[at];
  if (letter === undefined) return 0;
  switch (letters.kind) {
    case "any":
      return 1;
    case "without":
      return letter === letters.delimiter ? 0 : 1;
    case "escaped":
      if (letters.set.has(letter)) return 1;
      return letter === "%" && isHex(text[at + 1]) && isHex(text[at + 2]) ? 3 : 0;
    default:
      return letters satisfies never;
  }
}

/** A character beyond ASCII is written as several bytes; all but the first are continuations, `%80` to `%BF`. */
function weightAt(text: string, at: number): 0 | 1 {
  return "89ABab".includes(text[at + 1] ?? "") ? 0 : 1;
}

function isHex(letter: string | undefined): boolean {
  return letter !== undefined && /^[0-9A-Fa-f]$/.test(letter);
}

function union(a: Places, b: Places): Places {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return [...new Set([...a, ...b])].sort(ascending);
}

function ascending(a: number, b: number): number {
  return a - b;
}
