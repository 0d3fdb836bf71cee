import type { Feed, FeedEvents } from "../connection/feed.js";
import type { ConnectionStart } from "../connection/beginning.js";
import type { Arrival, ConnectionState } from "../messages/item.js";
import type { Tokens } from "../connection/tokens.js";
import { reasonText } from "../transports/transport.js";
import { aliveEveryMs, type FromTab, type FromWorker, type Port, type SharedSettings } from "./messages.js";

export interface SharedFeedOptions {
  readonly port: Port<FromTab, FromWorker>;
  readonly settings: SharedSettings;
  readonly tokens: Tokens;
  /** The name of a lock that this page holds while it lives; undefined where there are none. */
  readonly lock: Promise<string | undefined>;
  /** Called once, when the worker is left. */
  readonly onClose: () => void;
  /** A connection of this page's own, which has begun. */
  readonly makeOwn: (from: ConnectionStart) => Feed;
  /** The error of a refusal, as the program knows it. */
  readonly refusal: (status: number, reason: string) => Error;
}

/** A worker that has not answered by then cannot be had, in milliseconds. */
const answerMs = 5000;

/** How often a page that reads by itself asks whether the worker has come to where it stands, in milliseconds. */
const rejoinEveryMs = 1000;

/** After so long without an arrival it asks as well, since no arrival may come any more, in milliseconds. */
const quietMs = 3000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Has its items from a worker that serves all tabs of an origin. Where the worker cannot continue from where this page
 * stands, the page reads with a connection of its own until both have come to the same place; where there is no worker to be had, for good.
 */
export class SharedFeed implements Feed {
  readonly #options: SharedFeedOptions;
  readonly #events: FeedEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #alive: ReturnType<typeof setInterval>;
  #filters: readonly string[];
  /** Those of them that have been followed. */
  #followed: readonly string[];
  #cursor: string;
  #own: Feed | undefined;
  /** While the worker is asked to go on from where the own connection stands, which is not read meanwhile. */
  #rejoining: Promise<void> | undefined;
  /** Told whether the worker takes this page in. */
  #answered: ((isJoined: boolean) => void) | undefined;
  /** All that was said is done in its order, and waits for room. */
  #done: Promise<void>;
  #isAlone = false;
  #isClosed = false;
  #triedMs = 0;
  #movedMs = 0;
  #unanswered = 0;
  #number = 0;

  constructor(options: SharedFeedOptions, { filters, lastEventId, events }: ConnectionStart) {
    this.#options = options;
    this.#events = events;
    this.#filters = filters;
    this.#followed = filters;
    this.#cursor = lastEventId;
    options.port.hear((said) => this.#hear(said));
    this.#alive = setInterval(() => this.#sayAlive(), aliveEveryMs);
    this.#done = this.#begin();
  }

  follow(filters: readonly string[]): Promise<void> {
    this.#filters = filters;
    const followed = this.#done.then(() => this.#follow(filters));
    followed.catch(() => undefined);
    return followed;
  }

  /** The page is back: ends a wait of the worker's. */
  hurry(): void {
    this.#say({ kind: "hurry" });
  }

  close(): void {
    this.#isClosed = true;
    this.#leave();
    this.#own?.close();
  }

  /** There is no worker to be had: this page has its own connection from here on. */
  beAlone(): void {
    if (this.#isAlone || this.#isClosed) return;
    this.#leave();
    this.#answered?.(false);
    this.#then(() => this.#readByItself());
  }

  #leave(): void {
    if (this.#isAlone) return;
    this.#say({ kind: "leave" });
    this.#options.onClose();
    this.#isAlone = true;
    clearInterval(this.#alive);
    this.#options.port.close();
  }

  #say(said: FromTab): void {
    if (!this.#isAlone) this.#options.port.say(said);
  }

  #sayAlive(): void {
    this.#unanswered += 1;
    // A page that was frozen hears two answers late, not more.
    if (this.#unanswered > 3) return this.beAlone();
    this.#say({ kind: "alive" });
    if (this.#mayRejoin() && Date.now() - this.#movedMs > quietMs) void this.#rejoin();
  }

  #hear(said: FromWorker): void {
    if (this.#isAlone) return undefined;
    this.#unanswered = 0;
    switch (said.kind) {
      case "joined":
        return this.#answered?.(true);
      case "apart":
        return this.#answered === undefined ? this.#then(() => this.#readByItself()) : this.#answered(false);
      case "arrivals":
        return this.#then(() => this.#take(said.arrivals));
      case "state":
        return this.#own === undefined ? this.#events.state(said.state) : undefined;
      case "closed":
        return this.#then(() => this.#events.state({ kind: "closed", error: this.#errorOf(said) }));
      case "followed":
        return this.#settle(said.number, ({ resolve }) => resolve());
      case "refused":
        return this.#settle(said.number, ({ reject }) => reject(this.#errorOf(said)));
      case "token-wanted":
        return void this.#bringToken();
      case "alive":
        return undefined;
      default:
        return said satisfies never;
    }
  }

  #then(next: () => void | Promise<void>): void {
    const before = this.#done;
    const inOrder = async (): Promise<void> => {
      await before;
      if (!this.#isClosed) await next();
    };
    this.#done = inOrder();
  }

  #settle(number: number, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (waiting !== undefined) settle(waiting);
  }

  async #take(arrivals: readonly Arrival[]): Promise<void> {
    for (const arrival of arrivals) {
      if (this.#isClosed) return;
      this.#cursor = arrival.cursor;
      await this.#events.arrival(arrival);
    }
    this.#say({ kind: "taken", count: arrivals.length });
  }

  async #begin(): Promise<void> {
    if (!(await this.#join())) this.#readByItself();
  }

  /** Asks the worker to go on from where this page stands; false when it cannot. */
  async #join(): Promise<boolean> {
    const { settings } = this.#options;
    const lock = await this.#options.lock;
    const joined = new Promise<boolean>((resolve) => (this.#answered = resolve));
    const late = setTimeout(() => this.beAlone(), answerMs);
    this.#say({ kind: "join", settings, filters: this.#filters, cursor: this.#cursor, lock });
    const isJoined = await joined;
    clearTimeout(late);
    this.#answered = undefined;
    return isJoined;
  }

  #readByItself(): void {
    if (this.#isClosed || this.#own !== undefined) return;
    this.#triedMs = Date.now();
    this.#own = this.#options.makeOwn({
      filters: this.#followed,
      lastEventId: this.#cursor,
      events: {
        state: (state: ConnectionState) => this.#events.state(state),
        arrival: (arrival) => this.#ownArrival(arrival),
      },
    });
    // What the worker was asked for and has not done.
    if (this.#followed === this.#filters) return;
    this.#follow(this.#filters).then(
      () => this.#settleAll(({ resolve }) => resolve()),
      (error: Error) => this.#settleAll(({ reject }) => reject(error)),
    );
  }

  #settleAll(settle: (waiting: Waiting) => void): void {
    for (const number of this.#waiting.keys()) this.#settle(number, settle);
  }

  /** Between two arrivals, while nothing more is read, it can be said exactly where this page stands. */
  #ownArrival(arrival: Arrival): Promise<void> | undefined {
    if (this.#rejoining !== undefined) return this.#afterRejoining(arrival);
    const room = this.#events.arrival(arrival);
    this.#cursor = arrival.cursor;
    this.#movedMs = Date.now();
    const isRetained = arrival.item?.kind === "event" && arrival.item.retained === true;
    if (isRetained || !this.#mayRejoin()) return room;
    return this.#rejoin(room);
  }

  /** What comes meanwhile is the worker's to bring, when it takes this page in. */
  async #afterRejoining(arrival: Arrival): Promise<void> {
    await this.#rejoining;
    if (this.#own !== undefined) await this.#ownArrival(arrival);
  }

  #mayRejoin(): boolean {
    const isTime = Date.now() - this.#triedMs >= rejoinEveryMs;
    const isSettled = this.#rejoining === undefined && this.#filters === this.#followed;
    const isReading = this.#own !== undefined && isSettled;
    return isTime && isReading && !this.#isAlone && this.#cursor !== "";
  }

  #rejoin(room?: Promise<void>): Promise<void> {
    const asked = async (): Promise<void> => {
      await room;
      this.#triedMs = Date.now();
      const isJoined = await this.#join();
      this.#rejoining = undefined;
      if (!isJoined) return;
      this.#own?.close();
      this.#own = undefined;
    };
    this.#rejoining = asked();
    return this.#rejoining;
  }

  #follow(filters: readonly string[]): Promise<void> {
    return this.#ask(filters).then(
      () => {
        this.#followed = filters;
      },
      (error: unknown) => {
        if (this.#filters === filters) this.#filters = this.#followed;
        throw error;
      },
    );
  }

  async #ask(filters: readonly string[]): Promise<void> {
    // Until the worker has answered nobody knows which connection is to follow them: the own one may be closed next.
    await this.#rejoining;
    if (this.#own !== undefined) return this.#own.follow(filters);
    const number = (this.#number += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#say({ kind: "follow", filters, number });
    });
  }

  async #bringToken(): Promise<void> {
    try {
      this.#options.tokens.forget();
      this.#say({ kind: "token", token: await this.#options.tokens.current(), error: undefined });
    } catch (error) {
      this.#say({ kind: "token", token: undefined, error: reasonText(error) });
    }
  }

  #errorOf({ status, reason }: { readonly status: number; readonly reason: string }): Error {
    return status === 0 ? new Error(reason) : this.#options.refusal(status, reason);
  }
}
