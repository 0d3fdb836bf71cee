const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const squareOpen = 0x5b;
const squareClose = 0x5d;
const curlyOpen = 0x7b;
const curlyClose = 0x7d;
const minus = 0x2d;
const plus = 0x2b;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const smallE = 0x65;
const largeE = 0x45;

/** The words of JSON, by their first character. */
const words = new Map(["true", "false", "null"].map((word) => [word.charCodeAt(0), word]));
/** The characters that may follow a backslash, except `u`. */
const escaped = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));
const unicodeEscape = /u[0-9A-Fa-f]{4}/y;

/** The next part of the text has to be one of these. */
type Expected = "value" | "value or end" | "name" | "name or end" | "comma or end";

/** The parts of one step: brackets, commas, names, and values. A step needs 0.5 ms, and more if a text is long. */
const partsPerStep = 4096;

/**
 * Checks in steps whether `JSON.parse` accepts the text and no bracket nests deeper than `levels`. The caller can pause
 * after each step, where the generator yields undefined. `JSON.parse` cannot pause, and needs up to 180 ms for 1 MiB.
 */
export function* checkJson(text: string, levels: number): Generator<undefined, boolean> {
  const check = new JsonCheck(text, levels);
  while (check.verdict === undefined) {
    check.advance(partsPerStep);
    yield undefined;
  }
  return check.verdict;
}

class JsonCheck {
  readonly #text: string;
  readonly #levels: number;
  /** The end of each list and object that is open. */
  readonly #ends: number[] = [];
  /** The last item of `#ends`; NaN outside of all lists and objects. */
  #end = Number.NaN;
  #at = 0;
  #expected: Expected | undefined = "value";

  constructor(text: string, levels: number) {
    this.#text = text;
    this.#levels = levels;
  }

  /** Undefined before the end of the check. */
  get verdict(): boolean | undefined {
    if (this.#expected === undefined) return false;
    if (this.#expected !== "comma or end" || this.#ends.length > 0) return undefined;
    return Number.isNaN(this.#nextCode());
  }

  /** Passes at most this number of parts of the text. */
  advance(parts: number): void {
    for (let count = 0; count < parts && this.#expected !== undefined; count += 1) {
      this.#expected = this.#advance(this.#expected, this.#nextCode());
      if (this.#ends.length === 0) return;
    }
  }

  /**
   * Passes one part of the text, which begins with `code`. Returns the next part; undefined if the text is not JSON.
   */
  #advance(expected: Expected, code: number): Expected | undefined {
    switch (expected) {
      case "comma or end":
        if (code === this.#end) return this.#close();
        if (code !== comma) return undefined;
        this.#at += 1;
        return this.#end === squareClose ? "value" : "name";
      case "name or end":
        return code === this.#end ? this.#close() : this.#passName(code);
      case "name":
        return this.#passName(code);
      case "value or end":
        return code === this.#end ? this.#close() : this.#passValue(code);
      case "value":
        return this.#passValue(code);
      default:
        return expected satisfies never;
    }
  }

  #passName(code: number): Expected | undefined {
    if (code !== quote || !this.#passString() || this.#nextCode() !== colon) return undefined;
    this.#at += 1;
    return "value";
  }

  #passValue(code: number): Expected | undefined {
    if (code === squareOpen) return this.#open(squareClose, "value or end");
    if (code === curlyOpen) return this.#open(curlyClose, "name or end");
    if (code === quote) return this.#passString() ? "comma or end" : undefined;
    return this.#passNumber(code) || this.#passWord(code) ? "comma or end" : undefined;
  }

  #open(end: number, expected: Expected): Expected | undefined {
    if (this.#ends.length === this.#levels) return undefined;
    this.#at += 1;
    this.#ends.push(end);
    this.#end = end;
    return expected;
  }

  #close(): Expected {
    this.#at += 1;
    this.#ends.pop();
    this.#end = this.#ends.at(-1) ?? Number.NaN;
    return "comma or end";
  }

  #passString(): boolean {
    const text = this.#text;
    for (let at = this.#at + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code < 0x20) return false;
      if (code === backslash) at = this.#endOfEscape(at);
      else if (code === quote) {
        this.#at = at + 1;
        return true;
      }
    }
    return false;
  }

  /** The index of the last character of an escape; the end of the text if the escape is malformed. */
  #endOfEscape(at: number): number {
    if (escaped.has(this.#text.charCodeAt(at + 1))) return at + 1;
    unicodeEscape.lastIndex = at + 1;
    return unicodeEscape.test(this.#text) ? unicodeEscape.lastIndex - 1 : this.#text.length;
  }

  #passWord(code: number): boolean {
    const word = words.get(code);
    if (word === undefined || !this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #passNumber(code: number): boolean {
    if (code !== minus && !isDigit(code)) return false;
    if (code === minus) this.#at += 1;
    if (this.#code() === zero) this.#at += 1;
    else if (!this.#passDigits()) return false;
    if (this.#code() === point) {
      this.#at += 1;
      if (!this.#passDigits()) return false;
    }
    return this.#passExponent();
  }

  #passExponent(): boolean {
    const letter = this.#code();
    if (letter !== smallE && letter !== largeE) return true;
    this.#at += 1;
    const sign = this.#code();
    if (sign === plus || sign === minus) this.#at += 1;
    return this.#passDigits();
  }

  #passDigits(): boolean {
    const start = this.#at;
    while (isDigit(this.#code())) this.#at += 1;
    return this.#at > start;
  }

  /** The next character; NaN at the end of the text. */
  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  /** The next character that is not white space; NaN at the end of the text. */
  #nextCode(): number {
    const text = this.#text;
    let at = this.#at;
    let code = text.charCodeAt(at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
      code = text.charCodeAt((at += 1));
    this.#at = at;
    return code;
  }
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}
