import { ScheduledMongrel2 } from "./scheduled-mongrel2.js";
import { createLocalFront, WorkerWorld } from "./stream-fronts.js";
import type { ScheduledFront } from "./stream-fronts.js";
import { HubWorld } from "./hub-world.js";
import { faultsOf, lossesToldTo } from "./moves-check.js";
import { MovesClient } from "./moves-client.js";
import { isPushStream } from "./clients/client-kind.js";
import type { Opening, Transport } from "./clients/client-kind.js";
import type { Step } from "./moves-steps.js";
import type { Token } from "./tokens.js";
import { ScheduledClock, settleMicrotasks } from "./scheduled-clock.js";
import type { FanoutLimits } from "../../src/limits/fanout.js";
import type { HistoryLimits } from "../../src/limits/history.js";

export interface MovesWorld {
  readonly front: "http" | "worker" | "mongrel2" | "mongrel2 with credits";
  readonly limits?: Partial<FanoutLimits>;
  readonly history?: Partial<HistoryLimits>;
}

/** The number of exchanges after which a hub without new publications must be quiet. */
const mostExchanges = 1000;

/** A link's pause is over after so many exchanges without a message. */
const quietExchanges = 3;

function createFront(
  front: MovesWorld["front"],
  hub: HubWorld,
  limits: Partial<FanoutLimits> | undefined,
): ScheduledFront {
  if (front === "worker") return new WorkerWorld(hub, limits);
  if (front === "http") return createLocalFront(hub, limits);
  return new ScheduledMongrel2(hub, { limits, flowControl: front !== "mongrel2" });
}

/** A hub, its front and its clients, which do as the steps say. */
export class MovesRun {
  readonly #clock = new ScheduledClock();
  readonly #hub: HubWorld;
  readonly #front: ScheduledFront;
  readonly #clients: MovesClient[] = [];
  #ids = 0;

  constructor({ front, limits, history }: MovesWorld) {
    this.#hub = new HubWorld(this.#clock, history);
    this.#front = createFront(front, this.#hub, limits);
  }

  /** Opens clients with these transports and filters, and lets everything arrive. */
  async begin(clients: readonly Pick<Opening, "transport" | "filters">[]): Promise<void> {
    for (const client of clients) this.#open({ ...client, token: "none", lastEventId: undefined }, "at-once");
    await this.#settle();
  }

  async run(step: Step): Promise<void> {
    await this.#do(step);
    await settleMicrotasks();
  }

  /** Lets everything arrive, and returns the faults of all clients. */
  async finish(): Promise<readonly string[]> {
    this.#clock.busyMs = 0;
    await this.#settle();
    // The worker's readers may be ahead of their cohort until the hub tells it where it stands.
    this.#front.tellPosition();
    await this.#settle();
    const faults = this.#clients.flatMap((client) => faultsOf(client, this.#hub));
    return [...faults, ...(await this.#end())];
  }

  /** All clients leave. Returns what is left of them. */
  async #end(): Promise<readonly string[]> {
    for (const client of this.#clients) client.leave();
    await this.#settle();
    const { hub, polls } = this.#hub;
    const streams = this.#front.size + polls.size;
    const left = { cohorts: hub.cohortCount, streams, pending: hub.pendingBytes };
    await this.#close();
    this.#clock.advance(2000);
    const found = Object.entries({ ...left, timers: this.#clock.timers });
    return found.flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name} are left`]));
  }

  /** The Mongrel2 front sends its last messages before it is closed. */
  async #close(): Promise<void> {
    const closing = { isOver: false };
    const closed = Promise.resolve(this.#front.close()).then(() => (closing.isOver = true));
    while (!closing.isOver) await this.#exchange();
    await closed;
  }

  #do(step: Step): Promise<void> | void {
    switch (step.kind) {
      case "publish":
        return this.#publish(step);
      case "open":
        return this.#open({ ...step, lastEventId: undefined }, step.appetite);
      case "change":
        return this.#with(step.who, (client) => this.#change(client, step));
      case "renew":
        return this.#with(step.who, (client) => this.#renew(client, step.token));
      case "reconnect":
        return this.#with(step.who, (client) => this.#reconnect(client, step));
      case "leave":
        return this.#with(step.who, (client) => client.leave());
      case "close":
        return this.#with(step.who, (client) => client.close());
      case "drain":
        return this.#with(step.who, ({ socket }) => socket.drain());
      case "drainAll":
        return this.#drainAll();
      case "poll":
        return this.#poll();
      case "toHub":
        return this.#front.toHub(step.messages);
      case "toWorker":
        return this.#front.toWorker(step.messages);
      case "tellPosition":
        return this.#front.tellPosition();
      case "turn":
        return this.#clock.endTurn();
      case "wait":
        return this.#clock.advance(step.ms);
      case "busy":
        this.#clock.busyMs = step.ms;
        return;
      case "verify":
        return this.#hub.verifier.next();
      default:
        return step satisfies never;
    }
  }

  #publish({ ownId, bytes, times, ...publication }: Step & { readonly kind: "publish" }): void {
    for (let time = 0; time < times; time += 1) {
      this.#ids += 1;
      this.#hub.publish({ ...publication, id: ownId ? `own-${this.#ids}` : undefined }, bytes);
    }
  }

  #open(opening: Opening, appetite: MovesClient["socket"]["appetite"]): void {
    const filters = filtersFor(opening);
    const name = `client ${this.#clients.length + 1} (${opening.transport})`;
    const client = new MovesClient(name, { ...opening, filters }, () => this.#hub.head);
    client.socket.appetite = appetite;
    this.#clients.push(client);
    this.#front.open(client.request, client.socket);
  }

  /** A client without an open WebSocket changes its filters with its next request. */
  #change(client: MovesClient, change: Step & { readonly kind: "change" }): void {
    if (client.isDialogue) return client.change(change);
    const kept = client.current.filters.filter((filter) => !change.drop.includes(filter));
    const filters = [...new Set([...kept, ...change.add])];
    if (filters.length > 0) this.#reconnect(client, { filters });
  }

  #renew(client: MovesClient, token: Token | "made-up"): void {
    if (client.isDialogue) client.renew(token);
    else if (token !== "made-up") this.#reconnect(client, { token });
  }

  #reconnect(
    client: MovesClient,
    next: { readonly filters?: readonly string[]; readonly token?: Token } = {},
  ): void {
    const { lastEventId, reachedId, socket, current, knownFilters, opening } = client;
    client.leave();
    const { filters = current.filters, token = current.token } = next;
    const added = filters.filter((filter) => !knownFilters.includes(filter));
    const told = client.remembersLosses ? lossesToldTo(client, this.#hub) : [];
    const { transport } = opening;
    this.#open({ transport, filters, token, lastEventId, reachedId, added, told }, socket.appetite);
  }

  /** All clients that have the answer to a poll send the next one. */
  #poll(): void {
    for (const client of this.#clients.filter(({ isAnswered }) => isAnswered)) this.#reconnect(client);
  }

  #drainAll(): void {
    for (const { socket } of this.#clients) socket.drain();
  }

  #with(who: number, action: (client: MovesClient) => void): void {
    const present = this.#clients.filter(({ isPresent }) => isPresent);
    const client = present[who % Math.max(1, present.length)];
    if (client !== undefined) action(client);
  }

  async #settle(): Promise<void> {
    let quiet = 0;
    for (let exchange = 0; exchange < mostExchanges; exchange += 1) {
      quiet = this.#isQuiet ? quiet + 1 : 0;
      if (quiet > quietExchanges) return;
      await this.#exchange();
    }
    throw new Error(`the hub was still busy after ${mostExchanges} exchanges without a publication`);
  }

  async #exchange(): Promise<void> {
    this.#hub.verifier.next();
    await settleMicrotasks();
    this.#front.toHub(1000);
    await settleMicrotasks();
    this.#front.toWorker(1000);
    await settleMicrotasks();
    await this.#clock.endTurn();
    this.#drainAll();
    this.#poll();
    await settleMicrotasks();
    // A link makes pauses between its messages.
    this.#clock.advance(10);
  }

  get #isQuiet(): boolean {
    const isBusy = this.#clients.some((client) => client.socket.writableLength > 0 || client.isAnswered);
    return !isBusy && this.#front.isQuiet && this.#clock.isTurnOver && this.#hub.verifier.isIdle;
  }
}

/** The filters as this transport can ask for them: the push stream module has no wildcards. */
function filtersFor({
  transport,
  filters,
}: {
  readonly transport: Transport;
  readonly filters: readonly string[];
}): readonly string[] {
  if (!isPushStream(transport)) return filters;
  const channels = filters.filter((filter) => !/[+#]/.test(filter));
  return channels.length === 0 ? ["a"] : channels;
}
