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
  /** Flow-controlled bytes received so far. */
  received = 0;
  readonly #body: Buffer[] = [];
  /** What {@link hasReceived} has looked for last, and the bytes that it has not searched yet. */
  #wanted = "";
  #isFound = false;
  #unsearched: Buffer[] = [];

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

  /** True if the server will send no more. */
  get isOver(): boolean {
    return this.ended || this.reset !== undefined;
  }

  /** Adds a part of the body, from a frame of this length with its padding. */
  add(data: Buffer, length: number): void {
    this.#body.push(data);
    this.#unsearched.push(data);
    this.dataLengths.push(length);
    this.received += length;
  }

  /** True if the body so far has this text. Asked again for the same text, it searches only what has come since. */
  hasReceived(text: string): boolean {
    if (text !== this.#wanted) {
      this.#wanted = text;
      this.#isFound = false;
      this.#unsearched = [this.body];
    }
    const wanted = Buffer.from(text);
    const unsearched = Buffer.concat(this.#unsearched);
    this.#isFound ||= unsearched.includes(wanted);
    // The text may begin in this part and end in the next.
    this.#unsearched = [unsearched.subarray(Math.max(0, unsearched.length - wanted.length + 1))];
    return this.#isFound;
  }
}
