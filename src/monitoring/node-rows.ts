import type { BeatState, LiveNode, NodeId, Nodes } from "../journal/nodes.js";

/** After this time without a beat a hub counts as silent, in milliseconds: two beats are missing. */
const silentAfterMs = 12_000;

/** A hub in the status document. */
export interface NodeRow {
  readonly node: NodeId;
  /** True for the hub that serves the document. */
  readonly self: boolean;
  readonly name: string;
  readonly version: string;
  readonly startedAt: string;
  readonly streams: number;
  readonly lagSeconds: number;
  /** `silent`: the hub has ended, or cannot reach the journal. The other states are those of its last beat. */
  readonly state: BeatState | "silent";
  /** The time since the hub's last beat. */
  readonly seenSeconds: number;
}

/** The hubs that use the same journal, by name; none if this hub alone uses it. */
export function nodeRows(nodes: Nodes | undefined): readonly NodeRow[] {
  if (nodes === undefined) return [];
  const rows = nodes.live.map((live) => rowOf(live, nodes.self));
  return rows.sort((a, b) => compare(a.name, b.name) || compare(a.node, b.node));
}

function rowOf({ beat, silentMs }: LiveNode, self: NodeId): NodeRow {
  const { node, name, version, startedAtMs, streams, lagMs, state } = beat;
  return {
    node,
    self: node === self,
    name,
    version,
    startedAt: new Date(startedAtMs).toISOString(),
    streams,
    lagSeconds: lagMs / 1000,
    state: silentMs > silentAfterMs ? "silent" : state,
    seenSeconds: Math.round(silentMs / 1000),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
