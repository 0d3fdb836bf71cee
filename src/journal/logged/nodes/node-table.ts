import type { Clock } from "../../../base/clock.js";
import { PharosError } from "../../../base/errors.js";
import type { Sequence } from "../../log/log.js";
import type { LoggedGone } from "../../log/record.js";
import { parseBeat } from "../../nodes.js";
import type { LiveNode, NodeBeat, NodeId } from "../../nodes.js";
import { SnapshotItem } from "../../snapshot-item.js";
import type { SnapshotPart } from "../../snapshot-part.js";

/**
 * The most hubs in the table: 500 KB. A hub that crashes at each start leaves one entry a start, for 20 seconds. Above
 * the limit, the hub with the oldest beat counts as gone.
 */
export const mostNodes = 1000;

interface Row {
  readonly beat: NodeBeat;
  /** The record of the beat. */
  readonly sequence: Sequence;
  readonly seenAtMs: number;
}

/** A hub, and the record of its last beat. */
export interface KnownNode extends LiveNode {
  readonly sequence: Sequence;
}

/** The hubs that the records of the log tell of. All hubs that read the log have the same table at each record. */
export class NodeTable implements SnapshotPart {
  readonly name = "nodes";
  readonly #clock: Pick<Clock, "monotonic">;
  /** The hub with the newest beat is the last in the map. */
  readonly #rows = new Map<NodeId, Row>();
  readonly #onJoined: ((node: NodeId) => void)[] = [];
  readonly #onGone: ((node: NodeId, by: NodeId, name: string) => void)[] = [];

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  get live(): readonly KnownNode[] {
    const nowMs = this.#clock.monotonic();
    return [...this.#rows.values()].map(({ beat, sequence, seenAtMs }) => ({
      beat,
      sequence,
      silentMs: nowMs - seenAtMs,
    }));
  }

  has(node: NodeId): boolean {
    return this.#rows.has(node);
  }

  /** As {@link Nodes.onJoined}. */
  onJoined(listener: (node: NodeId) => void): void {
    this.#onJoined.push(listener);
  }

  /** As {@link Nodes.onGone}; `name` is that of the hub that is gone. */
  onGone(listener: (node: NodeId, by: NodeId, name: string) => void): void {
    this.#onGone.push(listener);
  }

  /** Applies a beat of this record. */
  beat(beat: NodeBeat, sequence: Sequence): void {
    this.#put(beat, sequence);
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined && this.#rows.size > mostNodes) this.#remove(oldest, beat.node);
  }

  /** Applies that a hub is gone. If the hub has written another beat meanwhile, it is not gone. */
  gone({ node, after, by }: LoggedGone): void {
    if (this.#rows.get(node)?.sequence === after) this.#remove(node, by);
  }

  /** The name of a hub for operators; undefined for a hub that is not in the table. */
  nameOf(node: NodeId): string | undefined {
    return this.#rows.get(node)?.beat.name;
  }

  save(): readonly unknown[] {
    return [...this.#rows.values()].map(({ beat, sequence }) => Object.assign({ sequence }, beat));
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    const beat = parseBeat(fields.all);
    if (beat === undefined)
      throw new PharosError("bad-snapshot", `the part "${this.name}" of a snapshot has a damaged hub`);
    this.#put(beat, fields.count("sequence"));
  }

  #put(beat: NodeBeat, sequence: Sequence): void {
    const isKnown = this.#rows.delete(beat.node);
    this.#rows.set(beat.node, { beat, sequence, seenAtMs: this.#clock.monotonic() });
    if (!isKnown) for (const listener of this.#onJoined) listener(beat.node);
  }

  #remove(node: NodeId, by: NodeId): void {
    const name = this.nameOf(node) ?? "";
    this.#rows.delete(node);
    for (const listener of this.#onGone) listener(node, by, name);
  }
}
