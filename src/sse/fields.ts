import { PharosError } from "../base/errors.js";

/** Receives the parsed lines of an event stream, in order. */
export interface FieldHandlers {
  /**
   * Called for each field. A line without a colon is a field with an empty value. The parser removes one leading space
   * of the value.
   */
  field(name: string, value: string): void;
  /** Called for an empty line, which ends an event. */
  blank(): void;
  /** Called for a line that begins with a colon. `text` is the line without the colon and one leading space. */
  readonly comment?: ((text: string) => void) | undefined;
}

/** The default maximum length of a line, in UTF-16 code units: four times the size of the largest publication. */
export const defaultMaxLineLength = 4 * 1024 * 1024;

/**
 * Splits event-stream text into fields [HTML 9.2.6], from chunks that may end anywhere. The parser reports a line that
 * ends in CR at once. An LF at the start of the next chunk then belongs to the same newline. The parser does not
 * interpret the names or values of fields.
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
   * Parses the next chunk and reports every line that the chunk completes.
   *
   * @throws PharosError `too-large` for a line over the limit; do not use the parser after this error
   */
  push(chunk: string): void {
    if (chunk === "") return;
    let start = this.#opening(chunk);
    // Searches each kind of newline once per chunk, not once per line. If the chunk has no CR, the parser searches for
    // CR only once.
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

  /** Ends the text. The parser also reports a last line without a newline. Do not call this method for streams. */
  end(): void {
    if (this.#unfinished !== "") this.#line("");
  }

  /**
   * Returns the index at which the chunk's first line begins: after a byte order mark, or after the LF of a split CRLF.
   */
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
