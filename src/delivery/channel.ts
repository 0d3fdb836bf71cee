import type { Connection, EndReason } from "./connection.js";

/** How an outlet's bytes reach its clients. The HTTP front and each Mongrel2 link implement it. */
export interface Channel<H> {
  /** A body over this goes out in pieces, the next when the one before has drained. */
  readonly maxWriteBytes: number;
  /**
   * `drain`: each connection reports its own draining, and a round leaves those behind that take too long.
   * `fence`: all report together when the server has taken everything; nobody can be told to be slow.
   */
  readonly pacing: "drain" | "fence";
  /** The most that a round to so many members should hold. */
  roundBytes(members: number): number;
  /**
   * Writes to one idle connection. `Fanout.drained` is called for it when it has taken the bytes, maybe before this
   * returns.
   */
  write(connection: Connection<H>, body: Buffer): void;
  /** The same for all members of a cohort, all of them idle. */
  writeRound(members: ReadonlySet<Connection<H>>, body: Buffer): void;
  /**
   * Calls `action` when all that was written so far has left this process, maybe at once: the time that clients take
   * counts from then.
   */
  whenHandedOver(action: () => void): void;
  /** A connection has come into, or left, the members to which rounds of its cohort go. */
  joined(connection: Connection<H>): void;
  left(connection: Connection<H>): void;
  /** Closes an idle connection after what was written. */
  end(connection: Connection<H>, reason: EndReason): void;
  /** Closes a connection that takes nothing any more, whatever is still unwritten. */
  cut(connection: Connection<H>): void;
  /** Called when a turn's writes are done. */
  flush(): void;
}
