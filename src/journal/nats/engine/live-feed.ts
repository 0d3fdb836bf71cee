import type { Subscription } from "@nats-io/transport-node";
import type { StoredRecord } from "../../log/log.js";
import type { Engine } from "./engine.js";
import type { StreamNames } from "./stream-names.js";

/**
 * Receives each new record of a stream: the stream's leader publishes each record again once the record is stored. No
 * server but the leader takes part, so the loss of another server does not delay records. The feed has no flow control
 * and no memory: the follower must notice a missing record by its number.
 */
export class LiveFeed {
  readonly #engine: Engine;
  readonly #subscription: Subscription;

  /** @param take called with each record, and with the same record again if the engine sends it twice */
  constructor(
    engine: Engine,
    { live, records }: Pick<StreamNames, "live" | "records">,
    take: (record: StoredRecord) => void,
  ) {
    this.#engine = engine;
    this.#subscription = engine.connection.subscribe(live, {
      callback: (error, message) => {
        const { headers, data } = message;
        const sequence = Number(headers?.get("Nats-Sequence"));
        // Other programs may publish on the subject.
        if (error !== null || headers?.get("Nats-Stream") !== records || !Number.isSafeInteger(sequence))
          return;
        take({ sequence, payload: Buffer.from(data.buffer, data.byteOffset, data.byteLength) });
      },
    });
  }

  close(): void {
    if (!this.#engine.connection.isClosed()) this.#subscription.unsubscribe();
  }
}
