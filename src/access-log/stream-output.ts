import type { Writable } from "node:stream";

import type { LineOutput } from "./line-output.js";

/**
 * Writes lines to a stream, such as standard output. One write is in progress at a time, and has at most as many bytes as
 * the system writes to a pipe in one piece [pipe(7), PIPE_BUF]: lines of several processes do not mix.
 */
export class StreamOutput implements LineOutput {
  readonly mostBytes = 4096;
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(lines: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(lines, (error) => (error ? reject(error) : resolve()));
    });
  }

  reopen(): void {}

  /** The stream belongs to the process. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
