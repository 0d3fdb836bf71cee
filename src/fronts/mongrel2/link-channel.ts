import type { Channel } from "../../delivery/channel.js";
import type { FanoutCohort } from "../../delivery/cohort-source.js";
import type { Connection } from "../../delivery/connection.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { Link } from "./link/link.js";
import { Targets } from "./link/targets.js";
import type { StreamBytes } from "./stream-bytes.js";
import { MemberGroups } from "./member-groups.js";

/** The number that identifies a stream on a link: the id that Mongrel2 gave to the connection. */
export type StreamId = number;

export interface LinkChannelOptions {
  readonly link: Link;
  /** The largest number of ids in one message. */
  readonly targets: number;
  /**
   * The largest body of one message in bytes. A server with flow control closes a connection with more than 100 KiB of
   * unwritten data.
   */
  readonly roundBytes: number;
  /**
   * The limit for the bytes of a round, multiplied by the number of its members: Mongrel2 copies the body for each
   * connection.
   */
  readonly windowBytes: number;
  /** The last bytes of a stream that is being closed; undefined if there are none. */
  readonly lastBytes: (id: StreamId, reason: EndReason) => Buffer | undefined;
  /** Counts the bytes of each stream. @default not counted */
  readonly bytes?: StreamBytes | undefined;
  /** Called when the hub closes a stream, because the server sends no notice for a close by the hub. */
  readonly ended: (id: StreamId) => void;
}

/**
 * The size limit of a round is never below this value. With smaller rounds, the number of messages costs more than the
 * bytes.
 */
const leastRoundBytes = 4096;

const nothing = Buffer.alloc(0);

/** The most bytes that codings add to a round. Such a round is still one message. */
const codingBytes = 64;

/**
 * Sends a round as messages that each name up to 128 connections. If several clients get equal bytes outside a round,
 * the channel sends these bytes in one message.
 */
export class LinkChannel implements Channel<StreamId> {
  readonly maxWriteBytes: number;
  readonly #options: LinkChannelOptions;
  readonly #groups = new Map<FanoutCohort, MemberGroups>();
  readonly #single = new Map<Buffer, StreamId[]>();
  /** The last bytes of streams, by the part that is from their cohort. The streams of a cohort end in the same way. */
  readonly #last = new WeakMap<Buffer, Buffer>();
  #ending: StreamId[] = [];
  #cut: StreamId[] = [];

  constructor(options: LinkChannelOptions) {
    this.#options = options;
    this.maxWriteBytes = options.roundBytes + codingBytes;
  }

  get pacing(): "drain" | "fence" {
    return this.#options.link.pacing === "credits" ? "drain" : "fence";
  }

  roundBytes(members: number): number {
    const { roundBytes, windowBytes } = this.#options;
    return Math.max(leastRoundBytes, Math.min(roundBytes, Math.floor(windowBytes / Math.max(1, members))));
  }

  write(connection: Connection<StreamId>, body: Buffer): void {
    this.#options.bytes?.wrote(connection.handle, body.length);
    const ids = this.#single.get(body);
    if (ids === undefined) this.#single.set(body, [connection.handle]);
    else ids.push(connection.handle);
  }

  writeRound(members: ReadonlySet<Connection<StreamId>>, body: Buffer): void {
    const [first] = members;
    if (first === undefined) return;
    this.#options.bytes?.wroteRound(first.rounds.cohort, body.length);
    for (const targets of this.#groups.get(first.rounds.cohort)?.targets() ?? []) {
      this.#options.link.deliver(targets, body);
    }
  }

  whenHandedOver(action: () => void): void {
    this.#options.link.whenTaken(action);
  }

  joined(connection: Connection<StreamId>): void {
    const { cohort } = connection.rounds;
    let groups = this.#groups.get(cohort);
    if (groups === undefined) {
      groups = new MemberGroups(this.#options.targets);
      this.#groups.set(cohort, groups);
    }
    groups.add(connection.handle);
    this.#options.bytes?.joined(connection.handle, cohort);
  }

  left(connection: Connection<StreamId>): void {
    const { cohort } = connection.rounds;
    const groups = this.#groups.get(cohort);
    groups?.remove(connection.handle);
    this.#options.bytes?.left(connection.handle);
    if (groups?.size === 0) this.#groups.delete(cohort);
  }

  end(connection: Connection<StreamId>, reason: EndReason, last: Buffer): void {
    const bytes = this.#joined(last, this.#options.lastBytes(connection.handle, reason));
    if (bytes.length > 0) this.write(connection, bytes);
    this.#ending.push(connection.handle);
    this.#options.ended(connection.handle);
  }

  /** Both parts are one write, since the channel sends the writes of different bytes in any order. */
  #joined(last: Buffer, lastOfFront: Buffer = nothing): Buffer {
    if (last.length === 0) return lastOfFront;
    const joined = this.#last.get(last) ?? Buffer.concat([last, lastOfFront]);
    this.#last.set(last, joined);
    return joined;
  }

  /** Closes the connection at once. A normal close waits until the client has read its queued bytes. */
  cut(connection: Connection<StreamId>): void {
    this.#cut.push(connection.handle);
    this.#options.ended(connection.handle);
  }

  flush(): void {
    const { link, targets } = this.#options;
    for (const [body, ids] of this.#single) {
      for (const group of Targets.split(ids, targets)) link.deliver(group, body);
    }
    this.#single.clear();
    for (const group of Targets.split(this.#ending, targets)) link.closeConnections(group);
    for (const group of Targets.split(this.#cut, targets)) link.cut(group);
    this.#ending = [];
    this.#cut = [];
  }

  /**
   * Call this method when the link is down. The connections of all unsent messages are lost, so the channel drops these
   * messages.
   */
  reset(): void {
    this.#single.clear();
    this.#ending = [];
    this.#cut = [];
    this.#groups.clear();
  }
}
