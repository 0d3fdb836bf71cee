import type { Connection, EndReason } from "./connection.js";

/** Carries an outlet's bytes to its clients. The HTTP front and each Mongrel2 link implement it. */
export interface Channel<H> {
  /** A larger body is written in pieces: each piece when the one before has drained. */
  readonly maxWriteBytes: number;
  /**
   * `drain`: each connection reports when it has drained, so a round can leave slow ones behind. `fence`: all report
   * together, when the server has accepted everything, so slow clients are unknown.
   */
  readonly pacing: "drain" | "fence";
  /** The largest recommended size of a round to this number of members, in bytes. */
  roundBytes(members: number): number;
  /**
   * Writes to one idle connection. The channel calls `Fanout.drained` when the client has received the bytes, maybe
   * before this returns.
   */
  write(connection: Connection<H>, body: Buffer): void;
  /** Writes to all members of a cohort. All of them are idle. */
  writeRound(members: ReadonlySet<Connection<H>>, body: Buffer): void;
  /**
   * Calls `action` when everything written so far has left this process, maybe at once. The time that clients need
   * counts from then.
   */
  whenHandedOver(action: () => void): void;
  /** The connection has become a member of its cohort's rounds, or is none any more. */
  joined(connection: Connection<H>): void;
  left(connection: Connection<H>): void;
  /** Closes an idle connection after everything written so far. */
  end(connection: Connection<H>, reason: EndReason): void;
  /** Closes a connection at once, even if bytes are unwritten. */
  cut(connection: Connection<H>): void;
  /** Called after the last write of a turn. */
  flush(): void;
}
