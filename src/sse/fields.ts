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
  /** The parser ignores this text at the start of the next chunk: a byte order mark, or the LF of a split CRLF. */
  #ignored = "\uFEFF";

  constructor(handlers: FieldHandlers, options: { readonly maxLineLength?: number } = {}) {
    this.#handlers = handlers;
    this.#maxLineLength = options.maxLineLength ?? defaultMaxLineLength;
  }

  /**
   * Parses the next chunk and reports every line that the chunk completes. A last line without a newline waits for the
   * next chunk.
   *
   * @throws RangeError with the code `too-large` for a line over the limit; do not use the parser after this error
   */
  push(chunk: string): void {
    if (chunk === "") return;
    // Only the new chunk is searched for newlines, so that a long line in many chunks costs no more than its length.
    const lines = chunk.slice(chunk.startsWith(this.#ignored) ? this.#ignored.length : 0).split(/\r\n?|\n/);
    this.#ignored = chunk.endsWith("\r") ? "\n" : "";
    lines[0] = this.#unfinished + (lines[0] ?? "");
    this.#unfinished = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
    checkLength("a line", this.#unfinished, this.#maxLineLength);
  }

  #line(line: string): void {
    checkLength("a line", line, this.#maxLineLength);
    if (line === "") return this.#handlers.blank();
    const [name = ""] = line.split(":", 1);
    const value = line.slice(name.length + 1).replace(/^ /, "");
    if (name === "") this.#handlers.comment?.(value);
    else this.#handlers.field(name, value);
  }
}

/**
 * Checks the length of a line or of an event. The error is not a PharosError, so that the browser library need not
 * contain this class.
 *
 * @throws RangeError with the code `too-large`
 */
export function checkLength(name: string, text: string, maxLength: number): void {
  if (text.length > maxLength)
    throw Object.assign(new RangeError(`${name} may have at most ${maxLength} characters`), {
      code: "too-large",
    });
}
