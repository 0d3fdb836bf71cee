import type { Clock, Timer } from "../../src/base/clock.js";
import { LocalTicket } from "../../src/delivery/joining/local-ticket.js";
import type { Coding } from "../../src/hub/publications/content-coding.js";
import type { Joining } from "../../src/hub/cohort.js";
import type { Hub } from "../../src/hub/hub.js";
import { WorkerOutlet } from "../../src/workers/primary/worker-outlet.js";
import { RemoteCohorts } from "../../src/workers/worker/remote-cohorts.js";
import type { Place, ToHub, ToWorker } from "../../src/workers/ipc/messages.js";
import { ScheduledWay } from "../moves/scheduled-way.js";
import { tinyFormat } from "./tiny-format.js";

export interface WorkerWayOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly roundBytes: number;
  readonly pageCacheBytes: number;
  readonly coding?: Coding | undefined;
}

/** A stream of the worker. */
export interface WayStream {
  /** Tells the hub that the stream has ended. */
  ended(): void;
  /** The hub moves the stream to another cohort. The worker calls `moved` when it gets the message. */
  move(joining: Joining, moved: (place: Place | undefined) => void): void;
}

/** A hub and the cohorts of one worker. Messages arrive when the test calls `carry`. */
export class WorkerWay {
  readonly outlet: WorkerOutlet;
  readonly cohorts: RemoteCohorts;
  readonly #toWorker = new ScheduledWay<ToWorker>((message, body) => this.#takeAtWorker(message, body));
  readonly #toHub = new ScheduledWay<ToHub>((message) => this.#takeAtHub(message));
  readonly #opening = new Map<number, (place: Place) => void>();
  readonly #open = new Map<number, number>();
  readonly #moving = new Map<number, ((place: Place | undefined) => void)[]>();
  readonly #standing: Timer;
  #requests = 0;
  /** The number of pages that the worker has requested. */
  asked = 0;
  /** The size of each batch that the worker got, in bytes. */
  readonly batches: number[] = [];

  constructor({ hub, clock, roundBytes, pageCacheBytes, coding }: WorkerWayOptions) {
    this.outlet = new WorkerOutlet({
      name: "worker",
      hub,
      peer: this.#toWorker,
      clock,
      fanout: { roundBytes },
    });
    const coded = (body: Buffer, members: number): Buffer =>
      coding === undefined ? body : coding.encode(body, members);
    this.cohorts = new RemoteCohorts({
      peer: this.#toHub,
      quietBytes: {
        heartbeat: (_encoding, id, members) => coded(tinyFormat.heartbeat(id), members),
        retry: (_encoding, ms) => coded(tinyFormat.retry?.(ms) ?? Buffer.alloc(0), 1),
        coded: (_encoding, message) => coded(message, 1),
      },
      pageCacheBytes,
    });
    this.#standing = clock.every(1000, () => this.outlet.tellStanding());
  }

  get isEmpty(): boolean {
    return this.#toWorker.isEmpty && this.#toHub.isEmpty;
  }

  /** The hub admits a stream. The worker calls `open` when it gets the message. */
  join(joining: Joining, open: (place: Place) => void): WayStream {
    this.#requests += 1;
    const request = this.#requests;
    const place = this.outlet.join(new LocalTicket(joining));
    this.#open.set(request, place.cohort);
    this.#opening.set(request, open);
    this.#toWorker.send({ kind: "stream", request, kinds: [], headers: [], isChunked: false, place });
    return {
      ended: () => {
        this.#moving.delete(request);
        this.#toHub.send({ kind: "ended", request, reason: "left" });
      },
      move: (next, moved) => this.#move(request, next, moved),
    };
  }

  /** Moves a stream as the hub does, unless the hub knows that the stream's client has disconnected. */
  #move(request: number, joining: Joining, moved: (place: Place | undefined) => void): void {
    const before = this.#open.get(request);
    if (before === undefined) return;
    const { place, left } = this.outlet.move(before, new LocalTicket(joining));
    this.#open.set(request, place.cohort);
    const waiting = this.#moving.get(request) ?? [];
    this.#moving.set(request, [...waiting, moved]);
    this.#toWorker.send({ kind: "message-result", request, place, left });
  }

  /** Delivers all messages sent so far. */
  carry(): void {
    this.#toWorker.deliver();
    this.#toHub.deliver();
  }

  close(): void {
    this.#standing.cancel();
    this.outlet.close();
  }

  #takeAtWorker(message: ToWorker, body: Buffer): void {
    if (message.kind === "batch") {
      this.batches.push(body.length);
      this.cohorts.take(message, body);
    } else if (message.kind === "page") this.cohorts.takePage(message, body);
    else if (message.kind === "standing") this.cohorts.stand(message);
    else if (message.kind === "removed") this.cohorts.remove(message.cohort);
    else if (message.kind === "message-result") this.#messageResult(message);
    else if (message.kind === "stream") {
      this.cohorts.reserve(message.place);
      this.#opening.get(message.request)?.(message.place);
      this.#opening.delete(message.request);
    }
  }

  #messageResult({ request, place, left }: ToWorker & { readonly kind: "message-result" }): void {
    const moved = this.#moving.get(request)?.shift();
    // The stream has ended, but the hub does not know this yet.
    if (moved === undefined) return;
    if (left !== undefined) this.cohorts.reach(left);
    if (place !== undefined) this.cohorts.reserve(place);
    moved(place);
  }

  #takeAtHub(message: ToHub): void {
    if (message.kind === "taken") this.outlet.taken(message);
    else if (message.kind === "ask") {
      this.asked += 1;
      this.outlet.ask(message);
    } else if (message.kind === "hold") this.outlet.hold(message.cohort, message.on);
    else if (message.kind === "ended") {
      this.outlet.leave(this.#open.get(message.request) ?? 0);
      this.#open.delete(message.request);
    }
  }
}
