import type { Letters, Part } from "./parts.js";

/** Counts the places that matching has looked at. */
export interface Work {
  steps: number;
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
  if (!hasTextsInOrder(parts, text)) return false;
  return new PlaceWalk(text, work).reachesEnd(parts);
}

/** What most topics fail at, at the cost of a search for each text. */
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

/** Places between characters, each once: as a list in no order, and as marks. */
interface Places {
  readonly list: number[];
  readonly marks: Uint8Array;
}

type Run = Part & { readonly kind: "run" };
type Joined = Part & { readonly kind: "joined" };

const percent = "%".charCodeAt(0);

/** Follows parts through one text, at all places at once. What is done counts places, not distances. */
class PlaceWalk {
  readonly #text: string;
  readonly #work: Work;
  readonly #spare: Uint8Array[] = [];

  constructor(text: string, work: Work) {
    this.#text = text;
    this.#work = work;
  }

  /** True when the parts, one after the other, can take all of the text. */
  reachesEnd(parts: readonly Part[]): boolean {
    const start = this.#none();
    this.#mark(start, 0);
    return this.#through(parts, start).marks[this.#text.length] === 1;
  }

  /** Where the parts can end that begin at one of these places, which are used up. */
  #through(parts: readonly Part[], from: Places): Places {
    let places = from;
    for (const part of parts) {
      if (places.list.length === 0) break;
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
    // A search for nothing finds it for ever.
    if (text === "") return this.#copy(from);
    if (from.list.length * 8 > this.#text.length) return this.#literalAmongMany(text, from);
    const to = this.#none();
    for (const at of from.list) {
      this.#work.steps += 1;
      if (this.#text.startsWith(text, at)) this.#mark(to, at + text.length);
    }
    return to;
  }

  /** Behind a wildcard most places are starts: a search takes a tenth of the time. */
  #literalAmongMany(text: string, from: Places): Places {
    const to = this.#none();
    this.#work.steps += this.#text.length;
    for (let at = this.#text.indexOf(text); at >= 0; at = this.#text.indexOf(text, at + 1))
      if (from.marks[at] === 1) this.#mark(to, at + text.length);
    return to;
  }

  /** From each start as far as the letters go, or to a place from where another start has gone on. */
  #run({ letters, atLeast }: Run, from: Places): Places {
    if (letters.kind === "any") return this.#allFrom(Math.min(...from.list) + atLeast);
    const to = this.#none();
    for (const start of from.list) {
      if (atLeast === 0) this.#mark(to, start);
      let at = start + widthAt(this.#text, start, letters);
      for (let last = start; at > last && this.#mark(to, at);) {
        last = at;
        at += widthAt(this.#text, at, letters);
      }
    }
    return to;
  }

  #allFrom(first: number): Places {
    const to = this.#none();
    for (let at = first; at <= this.#text.length; at += 1) to.list.push(at);
    to.marks.fill(1, first);
    this.#work.steps += to.list.length;
    return to;
  }

  /** One sweep, with the fewest characters that lead to each place. */
  #counted({ letters, atLeast }: Run, atMost: number, from: Places): Places {
    const to = this.#none();
    const fewest = new Map<number, number>(from.list.map((at) => [at, 0]));
    for (let at = Math.min(...from.list); at <= this.#text.length; at += 1) {
      this.#work.steps += 1;
      const before = fewest.get(at);
      if (before === undefined) continue;
      if (atLeast === 0 || from.marks[at] !== 1) this.#mark(to, at);
      const width = widthAt(this.#text, at, letters);
      const count = before + (width === 3 ? weightAt(this.#text, at) : 1);
      if (width > 0 && count <= atMost)
        fewest.set(at + width, Math.min(count, fewest.get(at + width) ?? count));
    }
    return to;
  }

  #choice(choices: readonly (readonly Part[])[], from: Places): Places {
    const to = this.#none();
    for (const parts of choices) this.#add(to, this.#through(parts, this.#copy(from)));
    return to;
  }

  /** Only places that are new go on, so that each comes once. */
  #repeat(parts: readonly Part[], from: Places): Places {
    const all = this.#copy(from);
    for (let fresh = this.#copy(from); fresh.list.length > 0;) {
      const ends = this.#through(parts, fresh);
      fresh = this.#none();
      for (const at of ends.list) if (this.#mark(all, at)) this.#mark(fresh, at);
      this.#drop(ends);
    }
    return all;
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
    return { list: [], marks: this.#spare.pop() ?? new Uint8Array(this.#text.length + 1) };
  }

  #copy(from: Places): Places {
    const to = this.#none();
    for (const at of from.list) this.#mark(to, at);
    return to;
  }

  /** Adds places to others, and uses them up. */
  #add(to: Places, more: Places): void {
    for (const at of more.list) this.#mark(to, at);
    this.#drop(more);
  }

  /** Marks are used again once they are cleared. */
  #drop({ list, marks }: Places): void {
    for (const at of list) marks[at] = 0;
    this.#spare.push(marks);
  }

  /** False when the place was there already. */
  #mark({ list, marks }: Places, at: number): boolean {
    this.#work.steps += 1;
    if (marks[at] === 1) return false;
    marks[at] = 1;
    list.push(at);
    return true;
  }
}

/** How much of the text one character of a run takes here; 0 when there is none. */
function widthAt(text: string, at: number, letters: Letters): 0 | 1 | 3 {
  if (at >= text.length) return 0;
  switch (letters.kind) {
    case "any":
      return 1;
    case "without":
      return text[at] === letters.delimiter ? 0 : 1;
    case "escaped": {
      const code = text.charCodeAt(at);
      if (letters.codes[code] === 1) return 1;
      return code === percent && isHex(text.charCodeAt(at + 1)) && isHex(text.charCodeAt(at + 2)) ? 3 : 0;
    }
    default:
      return letters satisfies never;
  }
}

/** A character beyond ASCII is written as several bytes; all but the first are continuations, `%80` to `%BF`. */
function weightAt(text: string, at: number): 0 | 1 {
  return "89ABab".includes(text[at + 1] ?? "") ? 0 : 1;
}

/** 0-9, A-F, a-f. */
function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}
