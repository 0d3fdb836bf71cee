import type { Clock, Timer } from "../../../../base/clock.js";
import type { StatusRow } from "../../wire/control.js";
import type { OpenRecord } from "./record.js";
import type { Stay } from "./record-text.js";

export interface OrphansOptions {
  readonly clock: Clock;
  readonly record: OpenRecord;
  /** Asks the server for its connections; undefined if the server has no control port. */
  readonly query: (() => Promise<readonly StatusRow[]>) | undefined;
  /** Closes these connections. */
  readonly close: (ids: readonly number[]) => void;
  /** Called with the number of open orphans that the link has closed. */
  readonly freed: (connections: number) => void;
  /**
   * Called with the number of connections for which the search ended without a result. The clients of these connections
   * get no events until the server closes the connections as idle.
   */
  readonly givenUp: (connections: number, reason: string) => void;
  /** The time to look for orphans, in milliseconds. */
  readonly pursueMs: number;
}

/**
 * The interval of the queries, in milliseconds. The interval is much shorter than the server's tick of 10 s, but long
 * enough for a server that lists 10,000 rows.
 */
const pollMs = 1_000;

/**
 * Closes orphans: the connections of streams that this process, or an earlier process, has lost together with the link.
 * The clients of orphans are still connected to the server, but get no events. An empty body closes such a connection,
 * but only if its id belongs to **this run** of the server. A new run counts from 1 again, so the same number may
 * belong to a client of another program. The rules:
 *
 * 1. The run is the same if its mark is the same (`ipc`, see readRunMark). So with `ipc`, the link knows at once.
 * 2. The run is also the same if the control port lists **any** old connection. A connection is old if its age (of
 *    ping, read or write) is more than the time since the server was last heard, plus a second. In a new run every
 *    connection is younger. The ages are differences of a clock that the server updates once per `limits.tick_timer`
 *    (10 s), to the whole second [seen]. The ages are exact right after a tick, and up to 10 s too small right before a
 *    tick. So this class asks every second, to read the ages soon after a tick. A stream that was open for 2 s when the
 *    server was last heard proves within one tick that the run is the same. A stream that was open for longer than a
 *    tick proves it at once. The record contains the time when the server was **last heard**, to a second; the link
 *    sends fences every 3 s. The time when the link broke is not usable, because the server may have restarted before
 *    the link broke.
 * 3. In the same run, this class closes the recorded ids that the table lists. The class asks for the table again,
 *    since a full queue in the server can lose a close. An id that sends a new request is no longer an orphan. A stay
 *    (see {@link Stay}) is removed when the table lists none of its ids.
 *
 * A restart of the server closes all connections. After a restart, the table lists few or none of the ids, and nothing
 * proves that the run is the same. After `pursueMs`, this class gives up the ids. If the wall clock of this machine was
 * set back, nothing proves that the run is the same either. The proof can be wrong if the server's clock was set
 * forward by more than the time since the server was last heard. The connections then look older than they are.
 */
export class Orphans {
  readonly #options: OrphansOptions;
  #mark = "";
  #proven = new Set<Stay>();
  #closed = new Set<number>();
  #until = 0;
  #timer: Timer | undefined;
  /** Counts the calls of `begin` and `stop`, so that an answer to an earlier query can be ignored. */
  #generation = 0;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** Call this method when the link is up. `mark` identifies the server's run. */
  begin(mark: string): void {
    this.stop();
    this.#mark = mark;
    this.#until = this.#options.clock.monotonic() + this.#options.pursueMs;
    if (this.#options.record.past.length > 0) this.#look();
  }

  /** Call this method when the link is down or closed. */
  stop(): void {
    this.#generation += 1;
    this.#timer?.cancel();
    this.#proven = new Set();
    this.#closed = new Set();
  }

  /**
   * Call this method when a request has this id. A client that sends a new request no longer waits for the lost stream,
   * so its id is no orphan.
   */
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

  /** A close for an ended connection has no effect: a run never uses an id twice. */
  #withoutTable(): void {
    for (const stay of this.#options.record.past) {
      if (this.#proven.has(stay)) {
        this.#close([...stay.ids]);
        this.#options.record.settle(stay, [...stay.ids]);
      } else this.#giveUp(stay, "the server has no control port");
    }
  }

  #ask(query: () => Promise<readonly StatusRow[]>): void {
    const generation = this.#generation;
    query().then(
      (rows) => {
        if (generation !== this.#generation) return;
        for (const stay of this.#options.record.past) this.#settle(stay, rows);
        this.#again("no open connection is old enough to prove that the server did not restart");
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
 * True if a table of connections proves that the server, last heard `silentMs` ago, was not restarted in the meantime.
 * False proves nothing.
 */
export function isSameRun(rows: readonly StatusRow[], silentMs: number): boolean {
  if (silentMs < 0) return false;
  return rows.some((row) => Math.max(row.lastPing, row.lastRead, row.lastWrite) * 1000 > silentMs + 1000);
}
