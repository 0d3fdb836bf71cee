import type { Clock } from "../../base/clock.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Hub } from "../../hub/hub.js";
import type { StreamsToHub, StreamsToWorker } from "../ipc/messages.js";
import type { Peer } from "../ipc/peer.js";
import { WorkerOutlet } from "./worker-outlet.js";
import { WorkerRequests } from "./worker-requests.js";

export interface WorkerStreamsOptions {
  /** Unique among all workers since the start of the hub. */
  readonly name: string;
  readonly hub: Hub;
  readonly gateway: Gateway;
  readonly peer: Peer<StreamsToWorker>;
  readonly clock: Clock;
  /** The limit of a round. Read at each use. */
  readonly fanout: Pick<FanoutLimits, "roundBytes">;
}

/** The requests and streams of one worker in the hub's process. {@link RemoteHub} is the other end. */
export class WorkerStreams {
  readonly #outlet: WorkerOutlet;
  readonly #requests: WorkerRequests;

  constructor(options: WorkerStreamsOptions) {
    this.#outlet = new WorkerOutlet(options);
    this.#requests = new WorkerRequests({ ...options, outlet: this.#outlet });
  }

  /** Open streams. */
  get size(): number {
    return this.#requests.size;
  }

  receive(message: StreamsToHub, body: Buffer): void {
    switch (message.kind) {
      case "request":
        return this.#requests.request(message);
      case "body":
        return this.#requests.body(message, body);
      case "message":
        return this.#requests.message(message, body);
      case "ended":
        return this.#requests.ended(message.request, message.reason);
      case "taken":
        return this.#outlet.taken(message);
      case "ask":
        return this.#outlet.ask(message);
      case "hold":
        return this.#outlet.hold(message.cohort, message.on);
      default:
        message satisfies never;
    }
  }

  /** Tells the worker the lowest position of its cohorts. */
  tellStanding(): void {
    this.#outlet.tellStanding();
  }

  /** Resolves when the worker has all publications. The caller sets the deadline. */
  whenIdle(): Promise<void> {
    return this.#outlet.whenIdle();
  }

  /** Ends all streams. Call this method when the worker has ended. */
  close(): void {
    this.#outlet.close();
    this.#requests.close();
  }
}
