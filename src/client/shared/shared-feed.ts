import type { Feed, FeedEvents } from "../connection/feed.js";
import type { ConnectionStart } from "../connection/connection-start.js";
import type { Arrival, ConnectionState } from "../messages/item.js";
import type { Tokens } from "../connection/tokens.js";
import { reasonText } from "../transports/transport.js";
import { pingEveryMs, type FromTab, type FromWorker, type Port, type SharedSettings } from "./messages.js";

export interface SharedFeedOptions {
  readonly port: Port<FromTab, FromWorker>;
  readonly settings: SharedSettings;
  readonly tokens: Tokens;
  /** The name of the lock that this page holds as long as the page exists; undefined if the platform has no locks. */
  readonly lock: Promise<string | undefined>;
  /** Called once, when this page leaves the worker. */
  readonly onClose: () => void;
  /** Makes a direct connection of this page to the hub, and starts the connection. */
  readonly makeDirectFeed: (start: ConnectionStart) => Feed;
  /** Makes the error for an error response. */
  readonly refusal: (status: number, reason: string) => Error;
}

/** The time-out for the worker's answer to `attach`, in milliseconds. */
const attachTimeoutMs = 5000;

/** The shortest time between two attempts of a detached page to attach again, in milliseconds. */
const reattachEveryMs = 1000;

/** If nothing arrives for this time, in milliseconds, a detached page also tries to attach with its next ping. */
const quietMs = 3000;

/**
 * After this number of unanswered pings, the worker counts as dead. After a freeze, a page may receive up to two
 * answers late.
 */
const maxUnansweredPings = 3;

interface PendingChange {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Receives items from a worker that serves all tabs of an origin. If the worker cannot continue from this page's
 * position, the page is detached: the page reads with a direct connection until it can attach again. Without a worker
 * the page always reads directly.
 */
export class SharedFeed implements Feed {
  readonly #options: SharedFeedOptions;
  readonly #events: FeedEvents;
  readonly #pending = new Map<number, PendingChange>();
  readonly #pinging: ReturnType<typeof setInterval>;
  #filters: readonly string[];
  /** The filters that were confirmed last. */
  #confirmedFilters: readonly string[];
  /** The confirmed filters whose retained values are arriving; undefined if all have arrived. */
  #opening: readonly string[] | undefined;
  /** The filters whose retained values have arrived. */
  #completeFilters: readonly string[];
  #cursor: string;
  #direct: Feed | undefined;
  /**
   * Set while this page waits for the worker's answer to `attach`. During this time, the page does not read the direct
   * connection.
   */
  #reattaching: Promise<void> | undefined;
  /** Called with the worker's answer to `attach`. */
  #onAttachAnswer: ((isAttached: boolean) => void) | undefined;
  /**
   * The last task. The feed processes the worker's messages one after another, and waits before each message until
   * there is room.
   */
  #lastTask: Promise<void>;
  #hasLeft = false;
  #isClosed = false;
  #attemptedAtMs = 0;
  #lastArrivalAtMs = 0;
  #unansweredPings = 0;
  #lastNumber = 0;

  constructor(options: SharedFeedOptions, { filters, lastEventId, events }: ConnectionStart) {
    this.#options = options;
    this.#events = events;
    this.#filters = filters;
    this.#confirmedFilters = this.#completeFilters = filters;
    this.#cursor = lastEventId;
    options.port.listen((message) => this.#receive(message));
    this.#pinging = setInterval(() => this.#ping(), pingEveryMs);
    this.#lastTask = this.#start();
  }

  follow(filters: readonly string[]): Promise<void> {
    this.#filters = filters;
    const followed = this.#lastTask.then(() => this.#follow(filters));
    followed.catch(() => undefined);
    return followed;
  }

  /** Call this method when the page is visible again: the worker then makes its next attempt at once. */
  retry(): void {
    this.#send({ kind: "retry" });
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
    this.#direct?.close();
  }

  /** Call this method when the worker has failed: the page then uses a direct connection. */
  leaveWorker(): void {
    if (this.#hasLeft || this.#isClosed) return;
    this.#leave();
    this.#onAttachAnswer?.(false);
    this.#enqueue(() => this.#connectDirectly());
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#send({ kind: "leave" });
    this.#options.onClose();
    this.#hasLeft = true;
    clearInterval(this.#pinging);
    this.#options.port.close();
  }

  #send(message: FromTab): void {
    if (!this.#hasLeft) this.#options.port.send(message);
  }

  #ping(): void {
    this.#unansweredPings += 1;
    if (this.#unansweredPings > maxUnansweredPings) return this.leaveWorker();
    this.#send({ kind: "ping" });
    if (this.#mayReattach() && Date.now() - this.#lastArrivalAtMs > quietMs) void this.#reattach();
  }

  #receive(message: FromWorker): void {
    if (this.#hasLeft) return undefined;
    this.#unansweredPings = 0;
    switch (message.kind) {
      case "attached":
        return this.#onAttachAnswer?.(true);
      case "detached":
        return this.#onAttachAnswer === undefined
          ? this.#enqueue(() => this.#connectDirectly())
          : this.#onAttachAnswer(false);
      case "arrivals":
        return this.#enqueue(() => this.#receiveArrivals(message.arrivals));
      case "state":
        return this.#direct === undefined ? this.#events.state(message.state) : undefined;
      case "closed":
        return this.#enqueue(() => this.#events.state({ kind: "closed", error: this.#errorOf(message) }));
      case "followed":
        return this.#settle(message.number, ({ resolve }) => resolve());
      case "refused":
        return this.#settle(message.number, ({ reject }) => reject(this.#errorOf(message)));
      case "token-request":
        return void this.#sendToken();
      case "pong":
        return undefined;
      default:
        return message satisfies never;
    }
  }

  #enqueue(task: () => void | Promise<void>): void {
    const before = this.#lastTask;
    const inOrder = async (): Promise<void> => {
      await before;
      if (!this.#isClosed) await task();
    };
    this.#lastTask = inOrder();
  }

  #settle(number: number, settle: (change: PendingChange) => void): void {
    const change = this.#pending.get(number);
    this.#pending.delete(number);
    if (change !== undefined) settle(change);
  }

  async #receiveArrivals(arrivals: readonly Arrival[]): Promise<void> {
    for (const { item, cursor } of arrivals) {
      if (this.#isClosed) return;
      const isRetained = item?.kind === "event" && item.retained === true;
      // A retained value does not move this page's position, which may be behind the position of the worker.
      if (!isRetained) this.#cursor = cursor;
      if (!isRetained && this.#opening !== undefined) {
        this.#completeFilters = this.#opening;
        this.#opening = undefined;
      }
      await this.#events.arrival({ ...(item && { item }), cursor: this.#cursor });
    }
    this.#send({ kind: "acknowledge", count: arrivals.length });
  }

  async #start(): Promise<void> {
    if (!(await this.#attach())) this.#connectDirectly();
  }

  /** Asks the worker to continue at this page's position. Resolves with false if the worker cannot do so. */
  async #attach(): Promise<boolean> {
    const { settings } = this.#options;
    const lock = await this.#options.lock;
    const answer = new Promise<boolean>((resolve) => (this.#onAttachAnswer = resolve));
    const timer = setTimeout(() => this.leaveWorker(), attachTimeoutMs);
    this.#send({ kind: "attach", settings, filters: this.#filters, cursor: this.#cursor, lock });
    const isAttached = await answer;
    clearTimeout(timer);
    this.#onAttachAnswer = undefined;
    return isAttached;
  }

  #connectDirectly(): void {
    if (this.#isClosed || this.#direct !== undefined) return;
    this.#attemptedAtMs = Date.now();
    const complete = this.#completeFilters.filter((filter) => this.#filters.includes(filter));
    this.#direct = this.#options.makeDirectFeed({
      filters: complete,
      lastEventId: this.#cursor,
      events: {
        state: (state: ConnectionState) => this.#events.state(state),
        arrival: (arrival) => this.#receiveDirect(arrival),
      },
    });
    // The direct connection must also make the filter changes that the worker has not confirmed, or whose retained
    // values have not all arrived.
    if (this.#confirmedFilters === this.#filters && complete.length === this.#filters.length) return;
    this.#follow(this.#filters).then(
      () => this.#settleAll(({ resolve }) => resolve()),
      (error: Error) => this.#settleAll(({ reject }) => reject(error)),
    );
  }

  #settleAll(settle: (change: PendingChange) => void): void {
    for (const number of this.#pending.keys()) this.#settle(number, settle);
  }

  /** Between two arrivals the page reads nothing. Its position is then exact, so the page can attach again. */
  #receiveDirect(arrival: Arrival): Promise<void> | undefined {
    if (this.#reattaching !== undefined) return this.#afterReattaching(arrival);
    const room = this.#events.arrival(arrival);
    this.#cursor = arrival.cursor;
    this.#lastArrivalAtMs = Date.now();
    const isRetained = arrival.item?.kind === "event" && arrival.item.retained === true;
    if (isRetained || !this.#mayReattach()) return room;
    return this.#reattach(room);
  }

  /**
   * Discards an arrival of the direct connection if this page attached meanwhile, because the worker sends the same
   * arrival.
   */
  async #afterReattaching(arrival: Arrival): Promise<void> {
    await this.#reattaching;
    if (this.#direct !== undefined) await this.#receiveDirect(arrival);
  }

  #mayReattach(): boolean {
    const isTime = Date.now() - this.#attemptedAtMs >= reattachEveryMs;
    const isSettled = this.#reattaching === undefined && this.#filters === this.#confirmedFilters;
    const isReading = this.#direct !== undefined && isSettled;
    return isTime && isReading && !this.#hasLeft && this.#cursor !== "";
  }

  #reattach(room?: Promise<void>): Promise<void> {
    const attempt = async (): Promise<void> => {
      await room;
      this.#attemptedAtMs = Date.now();
      const isAttached = await this.#attach();
      this.#reattaching = undefined;
      if (!isAttached) return;
      this.#direct?.close();
      this.#direct = undefined;
    };
    this.#reattaching = attempt();
    return this.#reattaching;
  }

  #follow(filters: readonly string[]): Promise<void> {
    return this.#sendFilters(filters).then(
      () => {
        this.#confirmedFilters = filters;
        if (this.#direct !== undefined) this.#completeFilters = filters;
        // The retained values come after this message.
        else this.#enqueue(() => void (this.#opening = filters));
      },
      (error: unknown) => {
        if (this.#filters === filters) this.#filters = this.#confirmedFilters;
        throw error;
      },
    );
  }

  async #sendFilters(filters: readonly string[]): Promise<void> {
    // Wait for the worker's answer: if the worker attaches this page, the direct connection is closed, and the worker
    // changes the filters.
    await this.#reattaching;
    if (this.#direct !== undefined) return this.#direct.follow(filters);
    const number = (this.#lastNumber += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      this.#send({ kind: "follow", filters, number });
    });
  }

  async #sendToken(): Promise<void> {
    try {
      this.#options.tokens.discard();
      this.#send({ kind: "token", token: await this.#options.tokens.current(), error: undefined });
    } catch (error) {
      this.#send({ kind: "token", token: undefined, error: reasonText(error) });
    }
  }

  #errorOf({ status, reason }: { readonly status: number; readonly reason: string }): Error {
    return status === 0 ? new Error(reason) : this.#options.refusal(status, reason);
  }
}
