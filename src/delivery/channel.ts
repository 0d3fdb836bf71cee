import type { Connection } from "./connection.js";
import type { EndReason } from "./joining/open-stream.js";

/** Writes an outlet's bytes to its clients. The HTTP front and each Mongrel2 link implement this interface. */
export interface Channel<H> {
  /**
   * The largest size of one write, in bytes. A larger body is written in pieces: each piece after the previous piece
   * has drained.
   */
  readonly maxWriteBytes: number;
  /**
   * `drain`: each connection reports the moment when it has drained, so a round can leave slow connections behind.
   * `fence`: all connections report together, when the server has accepted all bytes, so the hub does not know which
   * clients are slow.
   */
  readonly pacing: "drain" | "fence";
  /** The largest recommended size of a round to this number of members, in bytes. */
  roundBytes(members: number): number;
  /**
   * Writes to one idle connection. When the client has received the bytes, the channel calls `Fanout.drained`, maybe
   * before `write` returns.
   */
  write(connection: Connection<H>, body: Buffer): void;
  /** Writes to all members of a cohort. All members are idle. */
  writeRound(members: ReadonlySet<Connection<H>>, body: Buffer): void;
  /**
   * Calls `action` when all bytes written so far have left this process, maybe at once. The fan-out measures the time
   * of the clients from the call of `action`.
   */
  whenHandedOver(action: () => void): void;
  /**
   * The bytes that have left this process for the client so far. A client that reads slowly is not stalled while this
   * number grows. @default unknown
   */
  sentBytes?(connection: Connection<H>): number | undefined;
  /** The fan-out calls this when the connection has become a member of its cohort's rounds. */
  joined(connection: Connection<H>): void;
  /** The fan-out calls this when the connection is no longer a member. */
  left(connection: Connection<H>): void;
  /**
   * Closes an idle connection gracefully: the client still receives all bytes written so far, and then `last`, which may
   * be empty.
   */
  end(connection: Connection<H>, reason: EndReason, last: Buffer): void;
  /** Closes a connection at once, even if some bytes are not written yet. */
  cut(connection: Connection<H>): void;
  /** The fan-out calls this after the last write of a turn. */
  flush(): void;
}
