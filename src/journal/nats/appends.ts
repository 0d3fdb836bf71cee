import { JetStreamApiError } from "@nats-io/jetstream";
import { Waiters } from "../../base/waiters.js";
import type { Sequence } from "../log/log.js";
import type { Engine } from "./engine/engine.js";

/** The longest wait for the acknowledgement of a record, in milliseconds. */
const acknowledgedMs = 5000;

interface Append {
  readonly resolve: (sequence: Sequence) => void;
  readonly reject: (error: unknown) => void;
  readonly payload: Buffer;
}

/** What the engine sends for a record: `error`, or the number. An error has the number 0. */
interface Acknowledgement {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
  readonly stream?: string;
  readonly seq?: number;
}

/**
 * Records that the engine has not acknowledged yet, in order. The engine acknowledges in order, too. So an
 * acknowledgement of a later record means that an earlier one is lost. Then all fail.
 */
export class Appends {
  readonly #engine: Engine;
  readonly #target: { readonly stream: string; readonly subject: string };
  readonly #failed: (error: unknown, payload: Buffer) => void;
  readonly #open = new Set<Append>();
  readonly #waiters = new Waiters();

  /** @param failed called with the reason when a record could not be stored; the owner then calls {@link rejectAll} */
  constructor(
    engine: Engine,
    target: { readonly stream: string; readonly subject: string },
    failed: (error: unknown, payload: Buffer) => void,
  ) {
    this.#engine = engine;
    this.#target = target;
    this.#failed = failed;
  }

  add(payload: Buffer): Promise<Sequence> {
    return new Promise((resolve, reject) => {
      const append = { resolve, reject, payload };
      this.#open.add(append);
      this.#send(payload).then(
        (sequence) => this.#settle(append, sequence),
        (error: unknown) => {
          if (this.#open.has(append)) this.#failed(error, payload);
        },
      );
    });
  }

  /** Resolves when every record is acknowledged or rejected. */
  settled(): Promise<void> {
    return this.#waiters.until(() => this.#open.size === 0);
  }

  /** Rejects all records that are not acknowledged. Whether the engine stores them is unknown. */
  rejectAll(error: unknown): void {
    const rejected = [...this.#open];
    this.#open.clear();
    for (const { reject } of rejected) reject(error);
    this.#waiters.look();
  }

  async #send(payload: Buffer): Promise<Sequence> {
    const { stream, subject } = this.#target;
    const message = await this.#engine.connection.request(subject, payload, { timeout: acknowledgedMs });
    const { error, ...acknowledged } = message.json<Acknowledgement>();
    if (error !== undefined) throw new JetStreamApiError(error);
    if (acknowledged.stream !== stream || acknowledged.seq === undefined)
      throw new Error("the acknowledgement of NATS is for another stream");
    return acknowledged.seq;
  }

  #settle(append: Append, sequence: Sequence): void {
    const [oldest] = this.#open;
    if (oldest === append) {
      this.#open.delete(append);
      append.resolve(sequence);
      this.#waiters.look();
    } else if (this.#open.has(append)) {
      this.#failed(new Error("NATS has not acknowledged an earlier record"), append.payload);
    }
  }
}
