import type { ErrorName } from "./frames.js";

/** One response on a {@link RawHttp2} connection, as far as it has arrived. */
export class RawStream {
  readonly id: number;
  /** The fields of the final response head; `:status` is one of them. */
  head: ReadonlyMap<string, string> | undefined;
  /** The statuses of the interim responses before the head. */
  readonly interim: string[] = [];
  /** True after END_STREAM. */
  ended = false;
  /** The error code of RST_STREAM. */
  reset: ErrorName | undefined;
  /** The lengths of all DATA frames, with their padding. */
  readonly dataLengths: number[] = [];
  /** Bytes that the client has received, but not given back. */
  held = 0;
  readonly #body: Buffer[] = [];

  constructor(id: number) {
    this.id = id;
  }

  get status(): number | undefined {
    const status = this.head?.get(":status");
    return status === undefined ? undefined : Number(status);
  }

  /** The bytes of the body so far. */
  get body(): Buffer {
    const all = Buffer.concat(this.#body);
    this.#body.splice(0, this.#body.length, all);
    return all;
  }

  get text(): string {
    return this.body.toString("utf8");
  }

  /** The data of the events so far, for an event stream whose events have one line of data each. */
  get events(): readonly string[] {
    return [...this.text.matchAll(/^data: (.*)\n/gm)].map(([, data = ""]) => data);
  }

  /** Flow-controlled bytes received so far. */
  get received(): number {
    return this.dataLengths.reduce((sum, length) => sum + length, 0);
  }

  /** True if the server will send no more. */
  get isOver(): boolean {
    return this.ended || this.reset !== undefined;
  }

  add(data: Buffer): void {
    this.#body.push(data);
  }
}
