import type { Site } from "../site.js";
import { Log } from "./log.js";
import type { Place, Told } from "./log.js";
import type { Change, Following, Line, Transport } from "./transport.js";

/** A client that follows topics with one transport. The client resumes, changes its filters and renews its token. */
export class Follower {
  readonly #site: Site;
  readonly #transport: Transport;
  readonly #log: Log;
  #following: Following;
  #line: Line | undefined;
  /** How many times the hub has closed the connection and the client has resumed. */
  reconnects = 0;

  constructor(site: Site, transport: Transport, { from, ...following }: Following) {
    this.#site = site;
    this.#transport = transport;
    this.#following = following;
    this.#log = new Log(transport.name);
    this.#log.move(from);
  }

  get told(): readonly Told[] {
    return this.#log.told;
  }

  /** The data of all events so far. */
  get data(): readonly string[] {
    return this.#log.data;
  }

  get place(): Place {
    return this.#log.place;
  }

  get isOver(): boolean {
    return this.#log.isOver;
  }

  /**
   * Opens the stream: the first stream, or another stream at the current position. Waits until the hub has subscribed
   * the client.
   */
  async open(added: readonly string[] = []): Promise<void> {
    this.#line?.close();
    this.#log.opening();
    const from = this.place.id ?? this.place.position ?? this.place.stamp;
    const place = from === undefined ? {} : { from: this.place };
    this.#line = await this.#transport.open(this.#site, { ...this.#following, ...place, added }, this.#log);
    await this.#log.untilOpen();
  }

  /**
   * Waits for an event with this data, and returns the data of all events. Reconnects each time the hub closes the
   * stream.
   */
  async until(data: string): Promise<readonly string[]> {
    let seen = 0;
    const hasCome = (): boolean => {
      for (; seen < this.told.length; seen += 1) {
        const told = this.told[seen];
        if (told?.kind === "event" && told.data === data) return true;
      }
      return false;
    };
    for (;;) {
      await this.#log.until(() => hasCome() || this.isOver, `the event ${data.slice(0, 40)}`);
      if (seen < this.told.length) return this.data;
      this.reconnects += 1;
      await this.open();
    }
  }

  /** Changes the filters. If the transport has messages of clients, the client sends a message, else a new request. */
  async change(change: Change): Promise<void> {
    if (this.#line?.say === undefined) return this.comeBack(change);
    this.#note(change);
    await this.#line.say({ add: [], drop: [], ...change });
  }

  /** Opens the stream again at the current position, with other filters. */
  async comeBack(change: Change): Promise<void> {
    this.#note(change);
    await this.open(change.add);
  }

  /**
   * Continues with another token. If the transport has messages of clients, the client sends a message. Otherwise the
   * client sends a new request after the expiry of the old token has ended the stream.
   */
  async renew(token: string): Promise<void> {
    this.#following = { ...this.#following, token };
    if (this.#line?.say !== undefined) return this.#line.say({ token });
    await this.#log.untilOver();
    await this.open();
  }

  #note({ add = [], drop = [] }: Change): void {
    const kept = this.#following.filters.filter((filter) => !drop.includes(filter));
    this.#following = { ...this.#following, filters: [...kept, ...add] };
  }

  stopReading(): void {
    this.#line?.pause();
  }

  resumeReading(): void {
    this.#line?.resume();
  }

  close(): void {
    this.#line?.close();
  }
}

/** Starts to follow topics with this transport. */
export async function follow(site: Site, transport: Transport, following: Following): Promise<Follower> {
  const follower = new Follower(site, transport, following);
  await follower.open();
  return follower;
}
