/** The character that ends a segment, and so the match of `:name`: `/` in paths, `.` in host names, else none. */
export type Delimiter = "/" | "." | "";

/** A piece of a component: text, or a varying part between two texts. `modifier` says how often the piece may occur. */
export interface PatternGroup {
  readonly before: string;
  /** The varying part; undefined for text alone. `segment` stops at the delimiter. */
  readonly middle:
    | { readonly kind: "wildcard" }
    | { readonly kind: "segment" }
    | { readonly kind: "expression"; readonly expression: string }
    | undefined;
  readonly after: string;
  readonly modifier: "" | "?" | "*" | "+";
}

const nameStart = /[$_\p{ID_Start}]/u;
const namePart = /[$_\u200c\u200d\p{ID_Continue}]/u;

/**
 * Reads a component in the canonical form of `URLPattern` [URL Pattern, 2.1]. The text is always well-formed, because
 * `URLPattern` rejects any other text.
 */
export function parsePatternGroups(canonical: string, delimiter: Delimiter): readonly PatternGroup[] {
  return new GroupReader(canonical, delimiter).read();
}

class GroupReader {
  readonly #pattern: string;
  readonly #delimiter: Delimiter;
  #at = 0;

  constructor(pattern: string, delimiter: Delimiter) {
    this.#pattern = pattern;
    this.#delimiter = delimiter;
  }

  read(): readonly PatternGroup[] {
    const groups: PatternGroup[] = [];
    while (this.#at < this.#pattern.length) groups.push(this.#next());
    return groups;
  }

  #next(): PatternGroup {
    if (this.#takes("{")) return this.#braces();
    // The slash before a wildcard belongs to the group: `/:x?` is `{/:x}?`.
    const slash = this.#delimiter === "/" && this.#pattern[this.#at] === "/";
    if (slash) this.#at += 1;
    const before = slash ? "/" : "";
    const middle = this.#middle();
    if (middle !== undefined) return { before, middle, after: "", modifier: this.#modifier() };
    return { before: before + (slash ? "" : this.#letter()), middle: undefined, after: "", modifier: "" };
  }

  #braces(): PatternGroup {
    const before = this.#text();
    const middle = this.#middle();
    const after = this.#text();
    this.#takes("}");
    return { before, middle, after, modifier: this.#modifier() };
  }

  #text(): string {
    let text = "";
    while (this.#at < this.#pattern.length && !"{}(*:".includes(this.#pattern[this.#at] ?? ""))
      text += this.#letter();
    return text;
  }

  #letter(): string {
    this.#takes("\\");
    const letter = this.#pattern[this.#at] ?? "";
    this.#at += 1;
    return letter;
  }

  #middle(): PatternGroup["middle"] {
    if (this.#takes("*")) return { kind: "wildcard" };
    const named = this.#name();
    const expression = this.#expression();
    if (expression === ".*") return { kind: "wildcard" };
    if (expression !== undefined) return { kind: "expression", expression };
    return named ? { kind: "segment" } : undefined;
  }

  #name(): boolean {
    if (this.#pattern[this.#at] !== ":" || !nameStart.test(this.#pattern[this.#at + 1] ?? "")) return false;
    this.#at += 2;
    while (namePart.test(this.#pattern[this.#at] ?? "")) this.#at += 1;
    return true;
  }

  /** Reads the text between parentheses, which may be nested. */
  #expression(): string | undefined {
    if (!this.#takes("(")) return undefined;
    const start = this.#at;
    for (let depth = 1; this.#at < this.#pattern.length; this.#at += 1) {
      const letter = this.#pattern[this.#at];
      if (letter === "\\") this.#at += 1;
      else if (letter === "(") depth += 1;
      else if (letter === ")") depth -= 1;
      if (depth === 0) break;
    }
    this.#at += 1;
    return this.#pattern.slice(start, this.#at - 1);
  }

  #modifier(): PatternGroup["modifier"] {
    const letter = this.#pattern[this.#at];
    if (letter !== "?" && letter !== "*" && letter !== "+") return "";
    this.#at += 1;
    return letter;
  }

  #takes(letter: string): boolean {
    if (this.#pattern[this.#at] !== letter) return false;
    this.#at += 1;
    return true;
  }
}
