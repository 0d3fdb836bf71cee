import { createReader } from "../../support/storm/stream-readers.js";
import type { Item } from "../../support/storm/stream-readers.js";
import { handshakeHeaders } from "../../support/web-socket.js";
import type { Asked, ClientKind, Opening } from "./client-kind.js";
import { readBody } from "./client-kind.js";

/** The headers of a WebSocket handshake, by lower-case name. */
export const handshake = Object.fromEntries(
  Object.entries(handshakeHeaders).map(([name, value]) => [name.toLowerCase(), value]),
);

export const webSocketClient: ClientKind = {
  ask: (opening) => ({
    path: "/ws",
    query: filtersIn(opening),
    headers: { ...handshake, ...cursorIn(opening) },
  }),
  read: ({ take }) => createReader("web-socket", take),
  isWebSocket: true,
};

export const eventStreamClient: ClientKind = {
  ask: (opening) => ({
    path: "/esupdates",
    query: [["show", "topics"], ...filtersIn(opening)],
    headers: cursorIn(opening),
  }),
  read: ({ take }) => createReader("event-stream", take),
};

/** The wait is short, so that polls end without an event too. */
export const pollClient: ClientKind = {
  ask: (opening) => ({
    path: "/poll",
    query: [["wait", "0.4"], ...filtersIn(opening), ...lastEventIdIn(opening)],
    headers: {},
  }),
  read: ({ head, opening, take, end }) =>
    readBody(head, (body) => {
      const { position, events } = JSON.parse(body) as { position: string; events: readonly Item[] };
      for (const item of opening.lastEventId === undefined ? withStart(events) : events) take(item);
      take({ kind: "position", id: position });
      end();
    }),
  remembersLosses: true,
};

/** A first poll begins anywhere between its request and its first event that is no retained value. */
function withStart(events: readonly Item[]): readonly Item[] {
  const at = events.findIndex((item) => item.kind === "event" && item.retained !== true);
  const first = events[at];
  if (first?.kind !== "event") return events;
  return [...events.slice(0, at), { kind: "position", id: `before ${first.id}` }, ...events.slice(at)];
}

function filtersIn({ filters, added = [] }: Opening): Asked["query"] {
  return [
    ...filters.map((filter) => ["topic", filter] as const),
    ...added.map((filter) => ["added", filter] as const),
  ];
}

function lastEventIdIn({ lastEventId }: Opening): Asked["query"] {
  return lastEventId === undefined ? [] : [["last_event_id", lastEventId]];
}

/** The cursor as a header. */
export function cursorIn({ lastEventId }: Opening): Asked["headers"] {
  return lastEventId === undefined ? {} : { "last-event-id": lastEventId };
}
