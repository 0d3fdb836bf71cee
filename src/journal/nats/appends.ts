import { JetStreamApiError } from "@nats-io/jetstream";
import { createInbox, type Msg, type PermissionViolationError } from "@nats-io/transport-node";
import type { Clock } from "../../base/clock.js";
import { Waiters } from "../../base/waiters.js";
import type { Sequence } from "../log/log.js";
import type { Engine } from "./engine/engine.js";

/** The longest wait for the acknowledgement of a record, in milliseconds. {@link Appends.look} notices it. */
const acknowledgedMs = 5000;

/** The status of a message that no server has taken. */
const noResponders = 503;

interface Append {
  readonly resolve: (sequence: Sequence) => void;
  readonly reject: (error: unknown) => void;
  readonly payload: Buffer;
  readonly sinceMs: number;
}

/** What the engine sends for a record: `error`, or the number. An error has the number 0. */
interface Acknowledgement {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
  readonly stream?: string;
  readonly seq?: number;
}

export interface AppendsOptions {
  readonly engine: Pick<Engine, "connection">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly stream: string;
  readonly subject: string;
  /** Called with the reason when a record could not be stored. The owner then calls {@link Appends.rejectAll}. */
  readonly failed: (error: unknown, payload: Buffer) => void;
}

/**
 * Records that the engine has not acknowledged yet, in order. The engine acknowledges in order, too. So an
 * acknowledgement of a later record means that an earlier one is lost. Then all fail.
 *
 * All acknowledgements come to one inbox. With the library's `request`, each record would need a timer and two stack
 * traces: a third of what a small record costs the processor in this log.
 */
export class Appends {
  readonly #options: AppendsOptions;
  /** The records by the last part of the subject for their acknowledgement, oldest first. */
  readonly #open = new Map<string, Append>();
  readonly #waiters = new Waiters();
  readonly #inbox = `${createInbox()}.`;
  #count = 0;

  constructor(options: AppendsOptions) {
    this.#options = options;
    options.engine.connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        // An error means that the credentials do not allow the inbox. Then no record is acknowledged in time.
        if (error === null) this.#receive(message);
      },
    });
  }

  add(payload: Buffer): Promise<Sequence> {
    const { engine, clock, subject } = this.#options;
    this.#count += 1;
    const token = String(this.#count);
    return new Promise((resolve, reject) => {
      this.#open.set(token, { resolve, reject, payload, sinceMs: clock.monotonic() });
      try {
        engine.connection.publish(subject, payload, { reply: this.#inbox + token });
      } catch (error) {
        this.#options.failed(error, payload);
      }
    });
  }

  /** Fails if a record has waited for too long. Call this about twice a second. */
  look(): void {
    const oldest = this.#oldest;
    if (oldest === undefined || this.#options.clock.monotonic() - oldest.sinceMs < acknowledgedMs) return;
    this.#options.failed(new Error("NATS does not acknowledge records"), oldest.payload);
  }

  /** Fails if the credentials do not allow records. Call this when the server has refused something. */
  denied(error: PermissionViolationError): void {
    const oldest = this.#oldest;
    if (oldest !== undefined && error.subject === this.#options.subject)
      this.#options.failed(error, oldest.payload);
  }

  /** Resolves when every record is acknowledged or rejected. */
  settled(): Promise<void> {
    return this.#waiters.until(() => this.#open.size === 0);
  }

  /** Rejects all records that are not acknowledged. Whether the engine stores them is unknown. */
  rejectAll(error: unknown): void {
    const rejected = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of rejected) reject(error);
    this.#waiters.look();
  }

  get #oldest(): Append | undefined {
    const [oldest] = this.#open.values();
    return oldest;
  }

  #receive(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length);
    const append = this.#open.get(token);
    // An acknowledgement of a record that was rejected.
    if (append === undefined) return;
    try {
      const sequence = this.#sequenceOf(message);
      if (append !== this.#oldest) throw new Error("NATS has not acknowledged an earlier record");
      this.#open.delete(token);
      append.resolve(sequence);
      this.#waiters.look();
    } catch (reason) {
      this.#options.failed(reason, append.payload);
    }
  }

  #sequenceOf(message: Msg): Sequence {
    if (message.headers?.code === noResponders) throw new Error("no server of NATS leads the stream");
    const { error, stream, seq } = message.json<Acknowledgement>();
    if (error !== undefined) throw new JetStreamApiError(error);
    if (stream !== this.#options.stream || seq === undefined)
      throw new Error("the acknowledgement of NATS is for another stream");
    return seq;
  }
}
