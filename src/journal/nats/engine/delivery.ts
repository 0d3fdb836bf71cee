import type { ConsumerConfig } from "@nats-io/jetstream";
import { AckPolicy, DeliverPolicy, ReplayPolicy } from "@nats-io/jetstream";
import { JetStreamStatus } from "@nats-io/jetstream/internal";
import type { Msg, Subscription } from "@nats-io/transport-node";
import { createInbox, nanos, nuid } from "@nats-io/transport-node";
import type { Clock, Timer } from "../../../base/clock.js";
import type { Sequence, StoredRecord } from "../../log/log.js";
import { parseDeliveredRecord, type DeliveredRecord } from "./delivered-record.js";
import type { Engine } from "./engine.js";

/** The engine sends a heartbeat after this time without a record, in milliseconds. */
const heartbeatMs = 500;

/** After this many looks without a record or heartbeat, the delivery ends: 1.35 to 1.8 seconds. */
const mostSilentLooks = 4;
const lookMs = 450;

/** The engine forgets the consumer of a hub that has gone after this time, in milliseconds. */
const forgottenAfterMs = 30_000;

/** Receives what the engine sends to one consumer. No call comes after `ended` or after {@link Delivery.close}. */
export interface DeliveryHandler {
  record(record: StoredRecord, details: DeliveredRecord): void;
  /** The engine sends no further records until the handler has called `proceed`, up to 32 MiB later. */
  window(proceed: () => void): void;
  /** The engine, the network or the consumer failed. Begin another delivery after the last record. */
  ended(reason: string): void;
}

export interface DeliveryOptions {
  readonly engine: Engine;
  readonly stream: string;
  readonly from: Sequence;
  readonly clock: Clock;
}

/**
 * One consumer of a stream. It passes each record from a number on, in order. It ends at the first record that is
 * missing, and after two seconds of silence: the engine sends heartbeats.
 *
 * The library has such a consumer, too. After a reset, that one expects heartbeats each 30 seconds.
 */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #handler: DeliveryHandler;
  readonly #name = nuid.next();
  readonly #inbox: string;
  readonly #subscription: Subscription;
  #looks: Timer | undefined;
  #delivered = 0;
  #silentLooks = 0;
  #isOver = false;

  private constructor(options: DeliveryOptions, handler: DeliveryHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#inbox = createInbox();
    this.#subscription = options.engine.connection.subscribe(this.#inbox, {
      callback: (error, message) => this.#receive(error, message),
    });
  }

  /** Creates a consumer. Rejects if the engine does not create it in time. */
  static async start(options: DeliveryOptions, handler: DeliveryHandler): Promise<Delivery> {
    const delivery = new Delivery(options, handler);
    try {
      await options.engine.manager.consumers.add(options.stream, delivery.#config);
      delivery.#looks = options.clock.every(lookMs, () => delivery.#look());
      return delivery;
    } catch (error) {
      delivery.close();
      throw error;
    }
  }

  /** Ends without a further call to the handler. Safe to call twice. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#looks?.cancel();
    const { engine, stream } = this.#options;
    if (engine.connection.isClosed()) return;
    this.#subscription.unsubscribe();
    // If the engine does not respond, it forgets the consumer later.
    if (engine.isConnected) engine.manager.consumers.delete(stream, this.#name).catch(() => undefined);
  }

  get #config(): Partial<ConsumerConfig> {
    return {
      name: this.#name,
      deliver_subject: this.#inbox,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#options.from,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      flow_control: true,
      idle_heartbeat: nanos(heartbeatMs),
      inactive_threshold: nanos(forgottenAfterMs),
      mem_storage: true,
      num_replicas: 1,
    };
  }

  #receive(error: Error | null, message: Msg): void {
    if (this.#isOver) return;
    if (error !== null) {
      this.#end(error.message);
      return;
    }
    this.#silentLooks = 0;
    // Only the subject tells a stored message: another program may have published it with the headers of a status.
    const details = parseDeliveredRecord(message.reply ?? "");
    const isStatus = details === undefined && message.headers !== undefined && message.headers.code !== 0;
    if (isStatus) this.#obey(message);
    else this.#take(message, details);
  }

  #take(message: Msg, details: DeliveredRecord | undefined): void {
    if (details?.delivered !== this.#delivered + 1) {
      this.#end(`record ${this.#delivered + 1} of the delivery is missing`);
      return;
    }
    this.#delivered += 1;
    const { buffer, byteOffset, byteLength } = message.data;
    this.#handler.record(
      { sequence: details.sequence, payload: Buffer.from(buffer, byteOffset, byteLength) },
      details,
    );
  }

  #obey(message: Msg): void {
    const status = new JetStreamStatus(message);
    const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
    if (status.isFlowControlRequest()) {
      this.#handler.window(() => this.#respond(message.reply ?? ""));
    } else if (stalled !== "") {
      this.#handler.window(() => this.#respond(stalled));
    } else if (!status.isIdleHeartbeat()) {
      this.#end(status.description);
    } else if (Number(message.headers?.get("Nats-Last-Consumer") ?? 0) > this.#delivered) {
      this.#end("the last records of the delivery are missing");
    }
  }

  #respond(subject: string): void {
    if (!this.#isOver && this.#options.engine.isConnected) this.#options.engine.connection.publish(subject);
  }

  #look(): void {
    this.#silentLooks += 1;
    if (this.#silentLooks >= mostSilentLooks) this.#end("NATS sends no heartbeats");
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#handler.ended(reason);
  }
}
