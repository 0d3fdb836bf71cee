import { PharosError } from "../base/errors.js";

/** Receives what the lines of an event stream say, in order. */
export interface FieldHandlers {
  /** A field, known or not; a line without a colon is a field with an empty value. One leading space is gone. */
  field(name: string, value: string): void;
  /** An empty line: here an event ends. */
  blank(): void;
  /** A line that begins with a colon, without the colon and one leading space. */
  readonly comment?: ((text: string) => void) | undefined;
}

/** The longest line that is accepted unless set otherwise, in UTF-16 code units: four times the largest publication. */
export const defaultMaxLineLength = 4 * 1024 * 1024;

/**
 * Splits event-stream text into fields [HTML 9.2.6], from chunks that may end anywhere. A line that ends in
 * CR is reported at once; a LF that opens the next chunk belongs to it. It gives no meaning to fields.
 */
export class FieldParser {
  readonly #handlers: FieldHandlers;
  readonly #maxLineLength: number;
  #unfinished = "";
  #atStart = true;
  #afterCr = false;

  constructor(handlers: FieldHandlers, options: { readonly maxLineLength?: number } = {}) {
    this.#handlers = handlers;
    this.#maxLineLength = options.maxLineLength ?? defaultMaxLineLength;
  }

  /**
   * Takes the next chunk and reports every line that it completes.
   *
   * @throws PharosError `too-large` for a line over the limit; the parser is then of no more use
   */
  push(chunk: string): void {
    if (chunk === "") return;
    let start = this.#opening(chunk);
    // Each newline is looked for once per chunk, not once per line: text without CR is not searched for it again.
    let cr = chunk.indexOf("\r", start);
    let lf = chunk.indexOf("\n", start);
    while (cr >= 0 || lf >= 0) {
      const end = cr >= 0 && (lf < 0 || cr < lf) ? cr : lf;
      this.#line(chunk.slice(start, end));
      start = end + 1;
      if (end === cr && start === lf) start += 1;
      else if (end === cr && start === chunk.length) this.#afterCr = true;
      if (cr >= 0 && cr < start) cr = chunk.indexOf("\r", start);
      if (lf >= 0 && lf < start) lf = chunk.indexOf("\n", start);
    }
    this.#keep(chunk.slice(start));
  }

  /** Ends the text: a last line without a newline is reported as a line, too. For streams do not call it. */
  end(): void {
    if (this.#unfinished !== "") this.#line("");
  }

  /** Returns where the chunk's first line begins: after a byte order mark, or the LF of a split CRLF. */
  #opening(chunk: string): number {
    const skip = (this.#atStart && chunk.startsWith("\uFEFF")) || (this.#afterCr && chunk.startsWith("\n"));
    this.#atStart = false;
    this.#afterCr = false;
    return skip ? 1 : 0;
  }

  #keep(text: string): void {
    this.#unfinished += text;
    this.#checkLength(this.#unfinished);
  }

  #line(rest: string): void {
    const line = this.#unfinished + rest;
    this.#unfinished = "";
    this.#checkLength(line);
    if (line === "") return this.#handlers.blank();
    const colon = line.indexOf(":");
    if (colon < 0) return this.#handlers.field(line, "");
    const value = line.slice(line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1);
    if (colon === 0) this.#handlers.comment?.(value);
    else this.#handlers.field(line.slice(0, colon), value);
  }

  #checkLength(line: string): void {
    if (line.length > this.#maxLineLength)
      throw new PharosError("too-large", `a line may have at most ${this.#maxLineLength} characters`);
  }
}
