import type { Clock, Timer } from "../../../../base/clock.js";
import type { StatusRow } from "../../wire/control.js";
import type { OpenRecord } from "./record.js";
import type { Stay } from "./record-text.js";

export interface OrphansOptions {
  readonly clock: Clock;
  readonly record: OpenRecord;
  /** Asks the server for its connections; undefined where it has no control port. */
  readonly query: (() => Promise<readonly StatusRow[]>) | undefined;
  /** Closes these connections. */
  readonly close: (ids: readonly number[]) => void;
  /** So many were found open and closed. */
  readonly freed: (connections: number) => void;
  /** So many were given up: nothing tells whose they are. Their clients stay deaf until the server's reaper comes. */
  readonly givenUp: (connections: number, reason: string) => void;
  /** How long they are pursued, in milliseconds. */
  readonly pursueMs: number;
}

/** Nobody waits long for a tick of 10 s, nor is a server with 10,000 rows asked more often than it must. */
const pollMs = 1_000;

/**
 * Frees the clients of streams that this process, or one before it, has lost together with the link: they are
 * connected to the server and would stay so, deaf. An empty body closes one, but its id must be of **this run** of the
 * server, since a new run counts from 1 again and the number may be a client of another handler. The rule:
 *
 * 1. The run is the same when its mark is (`ipc`, see readRunMark), at once.
 * 2. Else it is the same when the control port shows **any** connection, whoever's, with an age of more than the time
 *    since the server was last heard, plus a second. In a new run every connection began after the server was heard
 *    in the old one, so no age (of ping, read or write) can be that large: there is no false proof. The ages are
 *    differences of a clock that the server moves once in `limits.tick_timer` (10 s) to the whole second [seen]: right
 *    after a tick they are exact, before it up to 10 s too small. So the question is asked every second: a stream that
 *    was open for 2 s when the server was last heard (a fence asks it every 3 s) proves it within one tick; one that
 *    was open for longer than a tick, at once. The record therefore remembers when the server was **last heard**, to
 *    a second; when the link broke would be too late, since the server behind it can have been started anew before.
 * 3. In the same run, what the table lists of the recorded ids is closed, and asked for again, since a close can be
 *    lost in a full queue. Ids of new requests are not orphans. A stay is over when none of its ids are listed.
 *
 * A restart of the server closes all connections, so there is nothing to free then: none or few of the ids are listed,
 * none is ever proven, and they are given up in the end. A wall clock that was set back on this side proves nothing;
 * one that was set forward on the server's side by more than the silence could prove too much.
 */
export class Orphans {
  readonly #options: OrphansOptions;
  #mark = "";
  #proven = new Set<Stay>();
  #closed = new Set<number>();
  #until = 0;
  #timer: Timer | undefined;
  /** Counts `begin` and `stop`, so that an answer to an earlier question is dropped. */
  #generation = 0;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** The link is up: `mark` is of the run that it is up with. */
  begin(mark: string): void {
    this.stop();
    this.#mark = mark;
    this.#until = this.#options.clock.monotonic() + this.#options.pursueMs;
    if (this.#options.record.past.length > 0) this.#look();
  }

  /** The link is down or closed. */
  stop(): void {
    this.#generation += 1;
    this.#timer?.cancel();
    this.#proven = new Set();
    this.#closed = new Set();
  }

  /** A request came under this id: whatever it was, it is not deaf now. */
  seen(id: number): void {
    const { record } = this.#options;
    for (const stay of record.past) if (stay.ids.has(id)) record.settle(stay, [id]);
  }

  #look(): void {
    for (const stay of this.#options.record.past) {
      if (stay.mark !== "" && stay.mark === this.#mark) this.#proven.add(stay);
    }
    if (this.#options.query === undefined) this.#withoutTable();
    else this.#ask(this.#options.query);
  }

  /** Ids that are gone are no harm: a run never gives an id twice. */
  #withoutTable(): void {
    for (const stay of this.#options.record.past) {
      if (this.#proven.has(stay)) {
        this.#close([...stay.ids]);
        this.#options.record.settle(stay, [...stay.ids]);
      } else this.#giveUp(stay, "there is no control port to ask");
    }
  }

  #ask(query: () => Promise<readonly StatusRow[]>): void {
    const generation = this.#generation;
    query().then(
      (rows) => {
        if (generation !== this.#generation) return;
        for (const stay of this.#options.record.past) this.#settle(stay, rows);
        this.#again("no connection is old enough to tell that the server was not restarted");
      },
      () => {
        if (generation === this.#generation) this.#again("the control port does not answer");
      },
    );
  }

  #settle(stay: Stay, rows: readonly StatusRow[]): void {
    const listed = new Set<number>();
    for (const row of rows) if (stay.ids.has(row.id)) listed.add(row.id);
    const gone = [...stay.ids].filter((id) => !listed.has(id));
    if (isSameRun(rows, this.#options.clock.now() - stay.heardAt)) this.#proven.add(stay);
    if (this.#proven.has(stay)) this.#close([...listed]);
    this.#options.record.settle(stay, gone);
  }

  #close(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#options.close(ids);
    const fresh = ids.filter((id) => !this.#closed.has(id));
    for (const id of fresh) this.#closed.add(id);
    if (fresh.length > 0) this.#options.freed(fresh.length);
  }

  #again(reason: string): void {
    const { record, clock } = this.#options;
    if (record.past.length === 0) return;
    if (clock.monotonic() < this.#until) {
      this.#timer = clock.after(pollMs, () => this.#look());
      return;
    }
    for (const stay of record.past) this.#giveUp(stay, reason);
  }

  #giveUp(stay: Stay, reason: string): void {
    this.#options.givenUp(stay.ids.size, reason);
    this.#options.record.settle(stay, [...stay.ids]);
  }
}

/**
 * Whether a table of connections proves that the server, last heard `silentMs` ago, was not restarted since. False
 * means that it does not tell.
 */
export function isSameRun(rows: readonly StatusRow[], silentMs: number): boolean {
  if (silentMs < 0) return false;
  return rows.some((row) => Math.max(row.lastPing, row.lastRead, row.lastWrite) * 1000 > silentMs + 1000);
}
