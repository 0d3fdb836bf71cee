import type { Site } from "../site.js";
import { Log } from "./log.js";
import type { Place, Told } from "./log.js";
import type { Change, Following, Line, Transport } from "./transport.js";

/** A client that follows topics by one transport, and does what such clients do: comes back where it was, changes, renews. */
export class Follower {
  readonly #site: Site;
  readonly #transport: Transport;
  readonly #log: Log;
  #following: Following;
  #line: Line | undefined;
  /** How often it was closed by the hub and came back. */
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

  /** Opens it, or opens it again where it stands, and waits until the hub has it. */
  async open(added: readonly string[] = []): Promise<void> {
    this.#line?.close();
    this.#log.opening();
    const from = this.place.id ?? this.place.position ?? this.place.stamp;
    const place = from === undefined ? {} : { from: this.place };
    this.#line = await this.#transport.open(this.#site, { ...this.#following, ...place, added }, this.#log);
    await this.#log.untilOpen();
  }

  /** Until an event with this data has come; returns the data of all. Comes back whenever it is closed. */
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

  /** Changes its filters: by a message where the transport has messages, else by coming back with others. */
  async change(change: Change): Promise<void> {
    if (this.#line?.say === undefined) return this.comeBack(change);
    this.#note(change);
    await this.#line.say({ add: [], drop: [], ...change });
  }

  /** Opens it again where it stands, with other filters. */
  async comeBack(change: Change): Promise<void> {
    this.#note(change);
    await this.open(change.add);
  }

  /** Goes on with another token: by a message, or when the one that it has ends what is open. */
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

/** Follows by this transport, from now on. */
export async function follow(site: Site, transport: Transport, following: Following): Promise<Follower> {
  const follower = new Follower(site, transport, following);
  await follower.open();
  return follower;
}
