import type { Clock, Timer } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";
import type { JournalStatus } from "../../journal.js";
import type { LoggedBeat, LoggedGone } from "../../log/record.js";
import { createNodeId, nameOf } from "../../nodes.js";
import type { LiveNode, NodeId, Nodes, OwnNode } from "../../nodes.js";
import { NodeTable } from "./node-table.js";
import type { KnownNode } from "./node-table.js";

/** The time between two beats of a hub, in milliseconds. A beat has about 250 bytes: 4 MB of log a day for each hub. */
export const beatEveryMs = 5000;

/**
 * The time without a beat after which a hub is gone, in milliseconds. An engine that chooses a new leader delays beats
 * for 8 seconds. With the time between beats, clients learn of the end of a hub within 30 seconds.
 */
export const goneAfterMs = 20_000;

/** How often a hub looks for hubs that are gone, in milliseconds. */
const lookEveryMs = 1000;

export interface HubNodesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Appends an item to the log, and calls `applied` when the item is applied. */
  readonly send: (item: LoggedBeat | LoggedGone, applied: () => void) => void;
  readonly status: () => Pick<JournalStatus, "state" | "lagMs">;
}

/** Writes the beats of this hub, and notices hubs that are gone. */
export class HubNodes implements Nodes {
  readonly self = createNodeId();
  readonly table: NodeTable;
  readonly #options: HubNodesOptions;
  #own: OwnNode | undefined;
  readonly #timers: Timer[] = [];
  /** True while a beat waits for the log. There is one at most, however long the engine is away. */
  #isBeating = false;
  /** Hubs of which this hub has written that they are gone, while the record waits for the log. */
  readonly #ending = new Set<NodeId>();
  /** The time since which the journal is up; undefined while it is not. */
  #upSinceMs: number | undefined;

  constructor(options: HubNodesOptions) {
    this.#options = options;
    this.table = new NodeTable(options.clock);
    this.table.onGone((node, by, name) => this.#logGone(node, by, name));
  }

  get live(): readonly LiveNode[] {
    return this.table.live;
  }

  isLive(node: NodeId): boolean {
    return this.table.has(node);
  }

  onJoined(listener: (node: NodeId) => void): void {
    this.table.onJoined(listener);
  }

  onGone(listener: (node: NodeId, by: NodeId) => void): void {
    this.table.onGone(listener);
  }

  begin(own: OwnNode): void {
    this.#own = own;
    this.#beat(own);
    const { clock } = this.#options;
    this.#timers.push(
      clock.every(beatEveryMs, () => this.#beat(own)),
      clock.every(lookEveryMs, () => this.#look()),
    );
  }

  /** Writes the last beat of this hub, if it has written one. The other hubs then write that this one is gone. */
  leave(): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    if (this.#own !== undefined) this.#options.send(this.#beatOf(this.#own, true), () => undefined);
    this.#own = undefined;
  }

  /** A replay tells of hubs that have ended long ago: it logs nothing. */
  #logGone(node: NodeId, by: NodeId, name: string): void {
    if (this.#own === undefined) return;
    const { logger } = this.#options;
    const fields = { hub: name, node, by, byHub: this.table.nameOf(by) };
    if (node === this.self) logger.warn(fields, "another hub took this hub for gone; this hub goes on");
    else logger.info(fields, "a hub is gone");
  }

  #beat(own: OwnNode): void {
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#options.send(this.#beatOf(own, false), () => (this.#isBeating = false));
  }

  #beatOf({ name, version, startedAtMs, streams, isDegraded }: OwnNode, isLeaving: boolean): LoggedBeat {
    const lagMs = Math.round(this.#options.status().lagMs);
    const health = isDegraded() ? "degraded" : "ok";
    const state = isLeaving ? "leaving" : health;
    const about = { name: nameOf(name), version: nameOf(version), startedAtMs };
    return { kind: "node", beat: { node: this.self, ...about, streams: streams(), lagMs, state } };
  }

  #look(): void {
    if (this.#options.status().state !== "up") {
      this.#upSinceMs = undefined;
      return;
    }
    const upMs = this.#options.clock.monotonic() - (this.#upSinceMs ??= this.#options.clock.monotonic());
    for (const known of this.table.live) if (this.#isGone(known, upMs)) this.#end(known);
  }

  /** While this hub had no journal, it could not see the beats of others. Then it waits for the whole time again. */
  #isGone({ beat: { node, state }, silentMs }: KnownNode, upMs: number): boolean {
    if (node === this.self || this.#ending.has(node)) return false;
    return state === "leaving" || Math.min(silentMs, upMs) > goneAfterMs;
  }

  #end({ beat: { node }, sequence }: KnownNode): void {
    this.#ending.add(node);
    const gone = { kind: "gone", node, after: sequence, by: this.self } as const;
    this.#options.send(gone, () => this.#ending.delete(node));
  }
}
