import type { LogFields, Logger } from "../../src/base/log.js";

/** What happened since a moment, in order. A test prints it with its figures. */
export class Timeline {
  readonly #lines: string[] = [];
  #startMs = performance.now();

  /** Forgets everything before this moment. */
  restart(): void {
    this.#lines.length = 0;
    this.#startMs = performance.now();
  }

  note(text: string): void {
    const seconds = (performance.now() - this.#startMs) / 1000;
    this.#lines.push(`${seconds.toFixed(2).padStart(7)} s  ${text}`);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** A logger whose lines become part of the timeline. */
  logger(name: string): Logger {
    const write = (fields: LogFields, message: string): void =>
      this.note(`${name}: ${message}${detailsOf(fields)}`);
    return { debug: () => undefined, info: write, warn: write, error: write };
  }
}

function detailsOf({ reason, error, server }: LogFields): string {
  const details = [reason, error instanceof Error ? error.message : error, server];
  return details.flatMap((detail) => (typeof detail === "string" ? [` (${detail})`] : [])).join("");
}
