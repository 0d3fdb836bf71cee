import type { Channel } from "../../delivery/channel.js";
import type { FanoutCohort } from "../../delivery/cohort-source.js";
import type { Connection, EndReason } from "../../delivery/connection.js";
import type { Link } from "./link/link.js";
import { Targets } from "./link/targets.js";
import { MemberGroups } from "./member-groups.js";

/** What the front knows a client stream by: its connection id on the link. */
export type StreamId = number;

export interface LinkChannelOptions {
  readonly link: Link;
  /** Most ids a message. */
  readonly targets: number;
  /** Largest body of one message: a server with flow control closes a client with more than 100 KiB unwritten. */
  readonly roundBytes: number;
  /** Body bytes times members of one round: Mongrel2 copies a body per connection. */
  readonly windowBytes: number;
  /** What a stream ends with, before it is closed; undefined where there is nothing to say. */
  readonly lastFrame: (id: StreamId, reason: EndReason) => Buffer | undefined;
  /** A stream was closed from this side, of which the server sends no notice. */
  readonly ended: (id: StreamId) => void;
}

/** A round to a crowd carries at least this, or the many messages would cost more than their bytes. */
const leastRoundBytes = 4096;

/** Writes rounds as messages that name up to 128 connections, and what single readers get grouped by equal bytes. */
export class LinkChannel implements Channel<StreamId> {
  readonly maxWriteBytes: number;
  readonly #options: LinkChannelOptions;
  readonly #groups = new Map<FanoutCohort, MemberGroups>();
  readonly #single = new Map<Buffer, StreamId[]>();
  #ending: StreamId[] = [];
  #cut: StreamId[] = [];

  constructor(options: LinkChannelOptions) {
    this.#options = options;
    this.maxWriteBytes = options.roundBytes;
  }

  get pacing(): "drain" | "fence" {
    return this.#options.link.pacing === "credits" ? "drain" : "fence";
  }

  roundBytes(members: number): number {
    const { roundBytes, windowBytes } = this.#options;
    return Math.max(leastRoundBytes, Math.min(roundBytes, Math.floor(windowBytes / Math.max(1, members))));
  }

  write(connection: Connection<StreamId>, body: Buffer): void {
    const ids = this.#single.get(body);
    if (ids === undefined) this.#single.set(body, [connection.handle]);
    else ids.push(connection.handle);
  }

  writeRound(members: ReadonlySet<Connection<StreamId>>, body: Buffer): void {
    const [first] = members;
    if (first === undefined) return;
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
  }

  left(connection: Connection<StreamId>): void {
    const { cohort } = connection.rounds;
    const groups = this.#groups.get(cohort);
    groups?.remove(connection.handle);
    if (groups?.size === 0) this.#groups.delete(cohort);
  }

  end(connection: Connection<StreamId>, reason: EndReason): void {
    const last = this.#options.lastFrame(connection.handle, reason);
    if (last !== undefined) this.write(connection, last);
    this.#ending.push(connection.handle);
    this.#options.ended(connection.handle);
  }

  /** A close would wait behind what the client does not take. */
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

  /** The link is down: what was not flushed names connections that are gone. */
  reset(): void {
    this.#single.clear();
    this.#ending = [];
    this.#cut = [];
    this.#groups.clear();
  }
}
