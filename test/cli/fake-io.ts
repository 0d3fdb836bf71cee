import { PassThrough, Readable, Writable } from "node:stream";

import type { Io } from "../../src/cli/terminal/io.js";
import { Changes } from "../support/wait-for.js";

/** The input and output of one command. The test gives the input, and the class records the output. */
export class FakeIo implements Io {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: KeptOutput;
  readonly stderr: KeptOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly #interrupt = new AbortController();

  constructor(
    given: {
      readonly stdin?: string | Buffer;
      readonly environment?: Readonly<Record<string, string>>;
      readonly terminal?: boolean;
    } = {},
  ) {
    this.stdin = given.stdin === undefined ? new PassThrough() : Readable.from([Buffer.from(given.stdin)]);
    this.stdout = new KeptOutput(given.terminal ?? false);
    this.stderr = new KeptOutput(given.terminal ?? false);
    this.environment = given.environment ?? {};
  }

  get interrupted(): AbortSignal {
    return this.#interrupt.signal;
  }

  onReload(): void {}

  outlivesOutput(): void {}

  /** Without a reason, this has the same effect as Ctrl-C. */
  interrupt(reason = "SIGINT"): void {
    this.#interrupt.abort(reason);
  }
}

/** Records all output. Tests can wait for a text. */
export class KeptOutput extends Writable {
  readonly isTTY: boolean;
  readonly #changes = new Changes();
  #text = "";

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  get text(): string {
    return this.#text;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString();
    this.#changes.changed();
    done();
  }

  /** Waits until the output matches. */
  async matches(pattern: RegExp, within = 20_000): Promise<void> {
    await this.#changes.until(() => pattern.test(this.#text), {
      within,
      missing: () => `no ${String(pattern)} in ${JSON.stringify(this.#text)}`,
    });
  }
}
