import { parseForm } from "../../../gateway/http/form.js";
import type { GatewayRequest } from "../../../gateway/http/messages.js";
import { valueOf, type NameValuePairs } from "../../../gateway/http/query.js";
import { cursorOf } from "../../../gateway/streams/cursor.js";
import type { Stamp } from "../messages/stamps.js";
import { parseHttpDate } from "./http-date.js";

/** The cursor of a request: the stamp and the event id of the last message that the client received. */
export interface Control {
  readonly stamp: Stamp | undefined;
  readonly eventId: string | undefined;
  /** True if the request has a cursor that the hub cannot read. The hub then reports a gap. */
  readonly isUnreadable: boolean;
}

/** The texts of a cursor. An empty text counts as absent. */
interface ControlTexts {
  readonly time: string;
  readonly tag: string;
  readonly eventId: string;
}

/**
 * Parses the cursor of a request. The first of these that is present counts, as a whole:
 * 1. the headers `If-Modified-Since` and `If-None-Match`, and `Last-Event-ID`
 * 2. an id that a library appended to the query, such as `lastEventId`
 * 3. the parameters `time`, `tag` and `eventid`
 *
 * The headers have precedence, since a browser's `EventSource` reconnects with the query of its first request.
 */
export function parseControl(request: Pick<GatewayRequest, "header" | "query">): Control {
  const header = (name: string): string => (request.header(name) ?? "").trim();
  const query = parseForm(request.query);
  const parameter = (name: string): string => valueOf(query, name) ?? "";
  const sources: readonly ControlTexts[] = [
    {
      time: header("if-modified-since"),
      tag: header("if-none-match"),
      eventId: request.header("last-event-id") ?? "",
    },
    { time: "", tag: "", eventId: cursorOf(request) ?? "" },
    { time: parameter("time").trim(), tag: parameter("tag").trim(), eventId: parameter("eventid") },
  ];
  return sources.map(controlOf).find(isCursor) ?? none;
}

const none: Control = { stamp: undefined, eventId: undefined, isUnreadable: false };

/** True if the client sends the module's parameters for a cursor, even empty ones, as `pushstream.js` does. */
export function sendsControl(query: NameValuePairs): boolean {
  return valueOf(query, "time") !== undefined;
}

/** True if the client resumes. */
export function isCursor({ stamp, eventId, isUnreadable }: Control): boolean {
  return stamp !== undefined || eventId !== undefined || isUnreadable;
}

function controlOf({ time, tag, eventId }: ControlTexts): Control {
  const stamp = parseStamp(time, tag);
  return {
    stamp: stamp === "unreadable" ? undefined : stamp,
    eventId: eventId === "" ? undefined : eventId,
    isUnreadable: stamp === "unreadable" && eventId === "",
  };
}

/** Undefined without a stamp. `pushstream.js` writes an unknown time as `null`, and an unknown tag as 0. */
function parseStamp(time: string, tag: string): Stamp | "unreadable" | undefined {
  const number = parseTag(tag);
  if (time === "" || time === "null") return number !== undefined && number <= 0 ? undefined : "unreadable";
  const seconds = parseHttpDate(time);
  return seconds === undefined || number === undefined ? "unreadable" : { time: seconds, tag: number };
}

/** Parses a tag: -1 without a tag, which stands for all messages of its second; undefined for any other text. */
function parseTag(text: string): number | undefined {
  if (text === "" || text === "null") return -1;
  const digits = /^(?:W\/)?"?-?(\d{1,15})"?$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
