import type { GapNotice } from "../../../src/protocol.js";
import { itemOf, readEvents, readTexts } from "../../support/storm/stream-readers.js";
import type { Item, ReadBytes } from "../../support/storm/stream-readers.js";
import type { Asked, ClientKind, Opening } from "./client-kind.js";
import { headerOf, readBody } from "./client-kind.js";
import { marked } from "./mercure-client.js";
import { cursorIn, handshake } from "./pharos-clients.js";

/** The cursor of the module's clients: the second of a message, its number in this second, and its own id. */
export interface PushStreamCursor {
  readonly time: string;
  readonly tag: string;
  readonly eventid: string;
}

interface Message extends PushStreamCursor {
  readonly id: number;
  readonly text: string;
}

export const pushEventSource: ClientKind = {
  ask: (opening) => ({
    path: `/ev/${channelsOf(opening)}`,
    query: [["show", "positions"]],
    headers: cursorIn(opening),
  }),
  read: ({ take }) => readEvents(marked(take, itemOf)),
  resumesFromRetained: true,
};

/** A page in an iframe. */
export const pushPage: ClientKind = {
  ask: (opening) => ({ path: `/sub/${channelsOf(opening)}`, query: controlIn(opening), headers: {} }),
  read: ({ take }) => readScripts(marked(take, itemOfMessage)),
  resumesFromRetained: true,
};

export const pushSocket: ClientKind = {
  ask: (opening) => ({ path: `/ws/${channelsOf(opening)}`, query: controlIn(opening), headers: handshake }),
  read: ({ take }) => {
    const takeMessage = marked(take, itemOfMessage);
    return readTexts((text) => takeMessage(JSON.parse(text) as Message));
  },
  isWebSocket: true,
  resumesFromRetained: true,
};

/** The first poll asks for a position. Later polls send it in the headers of a conditional request. */
export const pushPoll: ClientKind = {
  ask: (opening) => ({
    path: `/lp/${channelsOf(opening)}`,
    query: opening.lastEventId === undefined ? [["time", ""]] : [],
    headers: conditionIn(opening),
  }),
  read: ({ head, opening, take, end }) =>
    readBody(head, (body) => {
      const reason = headerOf(head, "x-pharos-gap");
      // The header names no topics.
      if (reason !== "")
        take({
          kind: "gap",
          id: opening.lastEventId ?? "",
          reason: reason as GapNotice["reason"],
          topics: [],
          more: true,
        });
      for (const line of body.split("\r\n").filter((each) => each !== "")) {
        const item = itemOfMessage(JSON.parse(line) as Message);
        if (item !== undefined) take(item);
      }
      const tag = headerOf(head, "etag").replace("W/", "");
      take({ kind: "position", id: cursorId({ time: headerOf(head, "last-modified"), tag, eventid: "" }) });
      end();
    }),
};

const scriptForm = /<script>p\((-?\d+),'([^']*)','([^']*)','([^']*)', '([^']*)', '([^']*)'\);<\/script>\r\n/g;

function readScripts(take: (message: Message) => void): ReadBytes {
  let text = "";
  let end = 0;
  return (bytes) => {
    text += bytes.toString("latin1");
    for (const call of text.slice(end).matchAll(scriptForm)) {
      const [, id, , encoded = "", eventid = "", time = "", tag = ""] = call;
      take({ id: Number(id), text: encoded, eventid, time, tag });
    }
    end = Math.max(end, text.lastIndexOf("</script>\r\n") + 1);
  };
}

/** The item of a message or a notice; undefined for a ping. */
function itemOfMessage({ id: number, text, time, tag, eventid }: Message): Item | undefined {
  const id = cursorId({ time, tag, eventid });
  // A retained value from a gap has no cursor.
  if (number > 0 && time === "") return undefined;
  if (number > 0) return { kind: "event", id, data: decodeURIComponent(text) };
  if (number === -6) return { kind: "position", id };
  if (number === -4) return { kind: "gap", id, ...(JSON.parse(decodeURIComponent(text)) as GapNotice) };
  if (number === -1) return undefined;
  throw new Error(`the notice ${number} was not expected`);
}

/** A cursor as an id of an item. */
function cursorId(cursor: PushStreamCursor): string {
  return JSON.stringify(cursor);
}

/** The cursor of {@link cursorId}; undefined for another id. */
export function parseCursorId(id: string): PushStreamCursor | undefined {
  return id.startsWith("{") ? (JSON.parse(id) as PushStreamCursor) : undefined;
}

function cursorOf({ lastEventId }: Opening): PushStreamCursor {
  return parseCursorId(lastEventId ?? "") ?? { time: "", tag: "", eventid: "" };
}

function controlIn(opening: Opening): Asked["query"] {
  return Object.entries(cursorOf(opening));
}

function conditionIn(opening: Opening): Asked["headers"] {
  const { time, tag } = cursorOf(opening);
  return time === "" ? {} : { "if-modified-since": time, "if-none-match": tag };
}

function channelsOf({ filters }: Opening): string {
  return filters.map(encodeURIComponent).join("/");
}
