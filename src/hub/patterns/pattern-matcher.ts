import type { Letters, Part } from "./pattern.js";

/**
 * Adds up the cost of matching, in steps. In one step, the matcher compares one part with a few positions of the text.
 */
export interface Work {
  steps: number;
}

/**
 * True if the parts match the whole text. The matcher follows all possible ends of a part in parallel. So the cost is
 * at most the number of parts times the length of the text [draft-dunglas-mercure-08, URL Pattern: linear time].
 *
 * @param work adds up the cost, for tests that limit it
 */
export function matchesPattern(parts: readonly Part[], text: string, work: Work = { steps: 0 }): boolean {
  const first = parts[0];
  if (first?.kind === "text" && !text.startsWith(first.text)) return false;
  const last = parts.at(-1);
  if (last?.kind === "text" && !text.endsWith(last.text)) return false;
  if (!hasTextsInOrder(parts, text)) return false;
  return new PlaceWalk(text, work).reachesEnd(parts);
}

/** True if the text contains the literal texts in order. Most topics fail this cheap check. */
function hasTextsInOrder(parts: readonly Part[], text: string): boolean {
  let from = 0;
  for (const part of parts) {
    if (part.kind !== "text") continue;
    const at = text.indexOf(part.text, from);
    if (at < 0) return false;
    from = at + part.text.length;
  }
  return true;
}

/** Marked positions between characters. All marks lie from `low` to `high`. */
interface Places {
  readonly marks: Uint8Array;
  low: number;
  high: number;
}

type Run = Part & { readonly kind: "run" };
type Joined = Part & { readonly kind: "joined" };

const percent = "%".charCodeAt(0);

/** The number of positions that count as one step, because one sweep compares many positions. */
const placesPerStep = 8;

/**
 * Unused arrays of marks, all cleared. The matcher reuses arrays because creating an array needs as much time as most
 * matches. Each array is long enough for the longest text so far.
 */
let spare: Uint8Array[] = [];
let spareLength = 0;

/** Matches parts against one text. Each sweep over the text continues from all marked positions at once. */
class PlaceWalk {
  readonly #text: string;
  readonly #work: Work;

  constructor(text: string, work: Work) {
    this.#text = text;
    this.#work = work;
    if (text.length < spareLength) return;
    spare = [];
    spareLength = 2 * text.length + 1;
  }

  /** True if the parts, one after the other, match all of the text. */
  reachesEnd(parts: readonly Part[]): boolean {
    const start = this.#none();
    mark(start, 0);
    const ends = this.#through(parts, start);
    const reaches = ends.marks[this.#text.length] === 1;
    this.#drop(ends);
    return reaches;
  }

  /** The positions at which the parts can end if the parts begin at a position of `from`. The call clears `from`. */
  #through(parts: readonly Part[], from: Places): Places {
    let places = from;
    for (const part of parts) {
      if (isEmpty(places)) break;
      const next = this.#past(part, places);
      this.#drop(places);
      places = next;
    }
    return places;
  }

  #past(part: Part, from: Places): Places {
    switch (part.kind) {
      case "text":
        return this.#literal(part.text, from);
      case "run":
        return part.atMost === undefined ? this.#run(part, from) : this.#counted(part, part.atMost, from);
      case "choice":
        return this.#choice(part.of, from);
      case "repeat":
        return this.#repeat(part.of, from);
      case "joined":
        return this.#joined(part, from);
      default:
        return part satisfies never;
    }
  }

  #literal(text: string, from: Places): Places {
    // The empty text moves no position, and a search for the empty text never ends.
    if (text === "") return this.#copy(from);
    const to = this.#none();
    const { marks, low, high } = from;
    if (low === high) {
      this.#work.steps += 1;
      if (this.#text.startsWith(text, low)) mark(to, low + text.length);
      return to;
    }
    this.#count(this.#text.length - low);
    for (let at = this.#text.indexOf(text, low); at >= 0 && at <= high; at = this.#text.indexOf(text, at + 1))
      if (marks[at] === 1) mark(to, at + text.length);
    return to;
  }

  /** Marks all positions from each start to the end of the matching letters. */
  #run({ letters, atLeast }: Run, from: Places): Places {
    const to = this.#none();
    const text = this.#text;
    if (letters.kind === "any") {
      this.#fill(to, from.low + atLeast);
      return to;
    }
    let furthest = from.high;
    let at = from.low;
    for (; at <= furthest; at += 1) {
      const isStart = from.marks[at] === 1;
      if (isStart && atLeast === 0) mark(to, at);
      if (!isStart && to.marks[at] !== 1) continue;
      const width = widthAt(text, at, letters);
      if (width === 0) continue;
      mark(to, at + width);
      if (at + width > furthest) furthest = at + width;
    }
    this.#count(at - from.low);
    return to;
  }

  #fill(to: Places, low: number): void {
    const { length } = this.#text;
    this.#count(length - low);
    if (low > length) return;
    to.marks.fill(1, low, length + 1);
    to.low = low;
    to.high = length;
  }

  /** In one sweep, stores for each position the smallest number of characters from a start to the position. */
  #counted({ letters, atLeast }: Run, atMost: number, from: Places): Places {
    const to = this.#none();
    const fewest = new Uint16Array(this.#text.length + 4);
    let furthest = from.high;
    for (let at = from.low; at <= furthest; at += 1) {
      const isStart = from.marks[at] === 1;
      // The array stores the number plus one, so that 0 means no number.
      const before = isStart ? 1 : (fewest[at] ?? 0);
      if (before === 0) continue;
      if (atLeast === 0 || !isStart) mark(to, at);
      const width = widthAt(this.#text, at, letters);
      const count = before + (width === 3 ? weightAt(this.#text, at) : 1);
      if (width === 0 || count - 1 > atMost) continue;
      const known = fewest[at + width] ?? 0;
      fewest[at + width] = known === 0 ? count : Math.min(count, known);
      if (at + width > furthest) furthest = at + width;
    }
    this.#count(2 * (furthest - from.low));
    return to;
  }

  #choice(choices: readonly (readonly Part[])[], from: Places): Places {
    const to = this.#none();
    for (const parts of choices) this.#add(to, this.#through(parts, this.#copy(from)));
    return to;
  }

  /**
   * Matches the parts any number of times. Each pass continues from new positions only, so each position is visited
   * once.
   */
  #repeat(parts: readonly Part[], from: Places): Places {
    const [only, ...others] = parts;
    const all = this.#copy(from);
    if (only?.kind === "text" && others.length === 0) {
      this.#repeatText(only.text, all);
      return all;
    }
    for (let fresh = this.#copy(from); ;) {
      const ends = this.#through(parts, fresh);
      fresh = this.#newIn(ends, all);
      this.#drop(ends);
      if (isEmpty(fresh)) {
        this.#drop(fresh);
        return all;
      }
    }
  }

  /** Matches one text any number of times. One sweep is enough, because each match ends at a later position. */
  #repeatText(text: string, all: Places): void {
    if (text === "") return;
    let at = all.low;
    for (; at <= all.high; at += 1)
      if (all.marks[at] === 1 && this.#text.startsWith(text, at)) mark(all, at + text.length);
    this.#count(2 * (at - all.low));
  }

  /** Returns the positions of `ends` that are not in `all`, and adds these positions to `all`. */
  #newIn(ends: Places, all: Places): Places {
    const fresh = this.#none();
    for (let at = ends.low; at <= ends.high; at += 1) {
      if (ends.marks[at] !== 1 || all.marks[at] === 1) continue;
      mark(all, at);
      mark(fresh, at);
    }
    this.#count(ends.high - ends.low);
    return fresh;
  }

  #joined({ first, separator, of }: Joined, from: Places): Places {
    const some = this.#none();
    for (const parts of of) {
      const before = this.#literal(separator, some);
      this.#add(before, this.#literal(first, from));
      this.#add(some, this.#through(parts, before));
    }
    this.#add(some, this.#copy(from));
    return some;
  }

  #none(): Places {
    return { marks: spare.pop() ?? new Uint8Array(spareLength), low: spareLength, high: -1 };
  }

  #copy(from: Places): Places {
    const to = this.#none();
    if (isEmpty(from)) return to;
    to.marks.set(from.marks.subarray(from.low, from.high + 1), from.low);
    to.low = from.low;
    to.high = from.high;
    this.#count(from.high - from.low);
    return to;
  }

  /** Adds the positions of `more` to `to`, and clears `more`. */
  #add(to: Places, more: Places): void {
    this.#count(more.high - more.low);
    for (let at = more.low; at <= more.high; at += 1) if (more.marks[at] === 1) mark(to, at);
    this.#drop(more);
  }

  /** Clears the marks, so that the array can be used again. */
  #drop({ marks, low, high }: Places): void {
    if (marks.length !== spareLength) return;
    if (low <= high) marks.fill(0, low, high + 1);
    spare.push(marks);
  }

  #count(places: number): void {
    this.#work.steps += 1 + Math.max(0, Math.floor(places / placesPerStep));
  }
}

function mark(places: Places, at: number): void {
  places.marks[at] = 1;
  if (at < places.low) places.low = at;
  if (at > places.high) places.high = at;
}

function isEmpty({ low, high }: Places): boolean {
  return low > high;
}

/** The length of one matching character at this position; 0 if no character matches. */
function widthAt(text: string, at: number, letters: Letters): 0 | 1 | 3 {
  if (at >= text.length) return 0;
  switch (letters.kind) {
    case "any":
      return 1;
    case "without":
      return text.charCodeAt(at) === letters.delimiter.charCodeAt(0) ? 0 : 1;
    case "escaped": {
      const code = text.charCodeAt(at);
      if (letters.codes[code] === 1) return 1;
      return code === percent && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2)) ? 3 : 0;
    }
    default:
      return letters satisfies never;
  }
}

/** The first byte of a character counts 1, a continuation byte (`%80` to `%BF`) 0. */
function weightAt(text: string, at: number): 0 | 1 {
  return "89ABab".includes(text[at + 1] ?? "") ? 0 : 1;
}

/** 0-9, A-F, a-f. */
function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}
