import { filterSetOf } from "../../src/hub/filters/filter-set.js";
import { parseMqttFilter } from "../../src/hub/filters/filter.js";
import { parseTopic } from "../../src/hub/topics/topic.js";
import type { HubWorld, Published } from "./hub-world.js";
import { isRetained } from "./moves-client.js";
import type { MovesClient, Received } from "./moves-client.js";
import type { Told } from "./clients/client-kind.js";
import { mayReadPrivate } from "./tokens.js";
import type { Token } from "./tokens.js";

/** The filters and the rights of a client after an offset, up to the next part. */
interface Part {
  readonly from: number;
  readonly filters: readonly string[];
  readonly token: Token;
}

/** The stream as its client read it. */
interface Reading {
  readonly parts: readonly Part[];
  readonly events: readonly number[];
  readonly told: readonly Told[];
  readonly cursor: number;
}

/** The faults of a client's stream: events lost without a gap event, repeated, in the wrong order, or not asked for. */
export function faultsOf(client: MovesClient, world: HubWorld): readonly string[] {
  const reading = read(client, world);
  const events = new Set(reading.events);
  const owed = world.published.filter((each) => isOwed(each, reading.parts));
  const ids = new Set(owed.map(({ offset }) => offset));
  // A client that has disconnected may have missed the last bytes.
  const end = client.isOpen ? world.head : reading.cursor;
  const lost = owed.filter(
    (each) => each.offset <= end && !events.has(each.offset) && !isTold(each, reading),
  );
  return [
    ...lost.map(({ offset, topics }) => `${client.name} misses ${offset} (${topics.join()}) without a gap`),
    ...reading.events.flatMap((offset, index) =>
      offset > (reading.events[index - 1] ?? 0)
        ? []
        : [`${client.name} gets ${offset} twice or out of order`],
    ),
    ...reading.events
      .filter((offset) => !ids.has(offset))
      .map((offset) => `${client.name} must not get ${offset}`),
    ...eventsAhead(client, world).map(
      (offset) => `${client.name} could resume from ${offset} and miss the events before it`,
    ),
  ];
}

/** The losses that the hub has told a client. */
export function lossesToldTo(client: MovesClient, world: HubWorld): readonly Told[] {
  return read(client, world).told;
}

function read(client: MovesClient, world: HubWorld): Reading {
  const { filters, token } = client.opening;
  const start = startOf(client, world);
  const parts: Part[] = start === undefined ? [] : [{ from: start, filters, token }];
  const events: number[] = [];
  const told: Told[] = [...(client.opening.told ?? [])];
  let cursor = start ?? 0;
  // What the hub has confirmed, but has not begun yet.
  let next: Pick<Part, "filters" | "token"> | undefined =
    start === undefined ? { filters, token } : undefined;
  const begin = (from: number): void => {
    if (next !== undefined) parts.push({ ...next, from });
    next = undefined;
  };
  for (const item of client.items) {
    const before = next ?? parts.at(-1) ?? { filters, token };
    if (item.kind === "filters") next = { token: before.token, filters: item.filters };
    if (item.kind === "renewed") next = { filters: before.filters, token: client.tokenOf(item) };
    if (!("id" in item) || isRetained(item)) continue;
    const offset = world.offsetOf(item.id);
    if (item.kind === "event") events.push(offset);
    if (item.kind === "gap") told.push(toldBy(item, cursor));
    if (item.kind === "gap" && item.reason === "unknown-id") startsAgain(parts);
    if (item.kind === "gap" && next !== undefined && parts.length > 0)
      parts.push(keptPart(parts, next, cursor));
    if (item.kind !== "event") begin(offset);
    cursor = Math.max(cursor, offset);
  }
  return { parts, events, told, cursor };
}

/**
 * The offset from which everything is owed to a client that resumes: that of its cursor, or an earlier one if a retained
 * value has moved the cursor on.
 */
function startOf({ opening }: MovesClient, world: HubWorld): number | undefined {
  const { lastEventId, reachedId = lastEventId } = opening;
  if (lastEventId === undefined || reachedId === undefined) return undefined;
  return Math.min(world.offsetOf(lastEventId), world.offsetOf(reachedId));
}

/**
 * The events from which a client would resume behind events that it has not received yet: the next position or gap of the
 * stream is an earlier one.
 */
function eventsAhead(client: MovesClient, world: HubWorld): readonly number[] {
  if (!client.resumesFromRetained) return [];
  let next = Number.POSITIVE_INFINITY;
  const ahead: number[] = [];
  for (const item of client.items.toReversed()) {
    if (!("id" in item)) continue;
    const offset = world.offsetOf(item.id);
    if (item.kind !== "event") next = offset;
    else if (offset > next) ahead.push(offset);
  }
  return ahead;
}

function toldBy(item: Received & { readonly kind: "gap" }, after: number): Told {
  const topics = new Set(item.topics.map(({ topic }) => topic));
  // Without the cursor, the hub cannot tell which publications the client has missed.
  if (item.reason === "unknown-id") return { topics, more: true, after: 0, upTo: item.head };
  return { topics, more: item.more, after, upTo: item.head };
}

/** The hub no longer knows the client's cursor, so the client gets everything that is stored. */
function startsAgain(parts: Part[]): void {
  const [first] = parts;
  if (first !== undefined) parts[0] = { ...first, from: 0 };
}

/** Where a move begins with a gap, only the filters that the client had before are owed from its old position on. */
function keptPart(parts: readonly Part[], next: Pick<Part, "filters" | "token">, from: number): Part {
  const had = parts.at(-1);
  const filters = next.filters.filter((filter) => had?.filters.includes(filter));
  return { from, filters, token: had?.token === next.token ? next.token : "none" };
}

function isOwed(published: Published, parts: readonly Part[]): boolean {
  const part = parts.findLast(({ from }) => from < published.offset);
  if (part === undefined) return false;
  return topicsFor(published, part).length > 0;
}

/** The topics by which these filters and this token give the publication. */
function topicsFor({ topics, isPrivate }: Published, { filters, token }: Part): readonly string[] {
  if (isPrivate && !mayReadPrivate(token, topics)) return [];
  return topics.filter((topic) => filters.some((filter) => matches(filter, topic)));
}

const matching = new Map<string, boolean>();

function matches(filter: string, topic: string): boolean {
  const key = `${filter} ${topic}`;
  let found = matching.get(key);
  if (found === undefined) {
    found = filterSetOf([parseMqttFilter(filter)]).matches(parseTopic(topic));
    matching.set(key, found);
  }
  return found;
}

function isTold({ offset, topics }: Published, { told }: Reading): boolean {
  return told.some(
    (gap) =>
      gap.after < offset && offset <= gap.upTo && (gap.more || topics.some((topic) => gap.topics.has(topic))),
  );
}
