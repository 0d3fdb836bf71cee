import { randomBytes } from "node:crypto";
import { hasForbiddenCharacter } from "../hub/topics/topic.js";

declare const nodeIdBrand: unique symbol;

/** The name of one run of a hub: 12 hexadecimal digits, random at each start. */
export type NodeId = string & { readonly [nodeIdBrand]: true };

const nodeIdForm = /^[0-9a-f]{12}$/;

/** Accepts 12 lower-case hexadecimal digits; undefined for anything else. */
export function parseNodeId(text: string): NodeId | undefined {
  return nodeIdForm.test(text) ? (text as NodeId) : undefined;
}

export function createNodeId(): NodeId {
  return randomBytes(6).toString("hex") as NodeId;
}

/**
 * - `ok`, `degraded`: as `/healthz` of the hub says
 * - `leaving`: the hub stops in order, and this is its last beat
 */
export const beatStates = ["ok", "degraded", "leaving"] as const;
export type BeatState = (typeof beatStates)[number];

/** What a hub says of itself in the journal. */
export interface NodeBeat {
  readonly node: NodeId;
  /** The name for operators, with at most {@link mostNameLength} characters. Two hubs may have the same name. */
  readonly name: string;
  /** The version of Pharos, with as many characters at most. */
  readonly version: string;
  /** The time of the hub's start, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** The number of open streams. */
  readonly streams: number;
  /** As {@link JournalStatus.lagMs}, in whole milliseconds. */
  readonly lagMs: number;
  readonly state: BeatState;
}

/** The most characters of a hub's name, and of its version. */
export const mostNameLength = 100;

/** Reads a beat of a record or a snapshot. Ignores other fields. Undefined if a field is missing or wrong. */
export function parseBeat(fields: Readonly<Record<string, unknown>>): NodeBeat | undefined {
  const { name, version, startedAtMs, streams, lagMs } = fields;
  const node = typeof fields.node === "string" ? parseNodeId(fields.node) : undefined;
  const state = beatStates.find((each) => each === fields.state);
  if (node === undefined || state === undefined || !isName(name) || !isName(version)) return undefined;
  if (!isCount(startedAtMs) || !isCount(streams) || !isCount(lagMs)) return undefined;
  return { node, name, version, startedAtMs, streams, lagMs, state };
}

/** The text as a name that a beat may have: shortened, without control characters, and not empty. */
export function nameOf(text: string): string {
  return text.slice(0, mostNameLength).replaceAll(/[\p{Cc}\p{Cs}]/gu, "") || "-";
}

/** A hub that uses the journal. */
export interface LiveNode {
  /** The last beat. */
  readonly beat: NodeBeat;
  /** The time since this hub applied the last beat of that hub, in milliseconds. */
  readonly silentMs: number;
}

/** What the beats of this hub say. */
export interface OwnNode extends Pick<NodeBeat, "name" | "version" | "startedAtMs"> {
  readonly streams: () => number;
  readonly isDegraded: () => boolean;
}

/**
 * The hubs that use a shared journal. Each hub writes a beat into the journal at its start and every five seconds. If a
 * hub is silent for 20 seconds, or has said that it stops, another hub writes that it is gone. All hubs apply both in the
 * order of the journal, between two entries, so they agree on the hubs at each position. A hub that was only cut off
 * comes back with its next beat.
 */
export interface Nodes {
  readonly self: NodeId;
  /** The hubs that are not gone, also this one once it has begun. The one with the oldest beat comes first. */
  readonly live: readonly LiveNode[];
  isLive(node: NodeId): boolean;
  /** Calls `listener` when a hub joins, or returns. Otherwise as {@link onGone}. */
  onJoined(listener: (node: NodeId) => void): void;
  /**
   * Calls `listener` when a hub is gone, in the order of the journal, also while the journal opens. Call this before
   * {@link Journal.open}.
   *
   * @param listener `by` is the hub that has noticed it; another one than `node`. It may be gone itself by now.
   */
  onGone(listener: (node: NodeId, by: NodeId) => void): void;
  /** Writes the first beat of this hub. Call this once, when the journal is open. Beats end when the journal closes. */
  begin(own: OwnNode): void;
}

function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= mostNameLength &&
    !hasForbiddenCharacter(value)
  );
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
