import { handshakeHeaders } from "../../support/web-socket.js";
import { parseBlock } from "../client.js";
import { requestBytes } from "../http-text.js";
import type { ResponseText } from "../http-text.js";
import { reasonOf } from "./event-streams.js";
import type { Log, Place } from "./log.js";
import { openPolls } from "./poll-line.js";
import type { Reader } from "./stream-line.js";
import { frameTexts, openLine, texts } from "./stream-line.js";
import { notInThisScheme } from "./transport.js";
import type { Following, Transport } from "./transport.js";

/** A message in the format of the module's clients. */
interface Message {
  readonly id: number;
  readonly text: string;
  readonly tag: string;
  readonly time: string;
  readonly eventid: string;
}

type Headers = Readonly<Record<string, string>>;

/** The id that a gap has in place of a message number. */
const gapNumber = -4;

/** The bytes of a request. A client of the module sends its position as time and tag, or as an event id. */
function request(mode: string, { filters, from, token }: Following, headers: Headers = {}): string {
  const { stamp, id } = from ?? {};
  const query = new URLSearchParams({
    ...(stamp === undefined ? {} : { time: stamp.time, tag: stamp.tag }),
    ...(stamp === undefined && id !== undefined ? { eventid: id } : {}),
    callback: "f",
  });
  if (mode !== "jsonp") query.delete("callback");
  // The hub does not decode a plus as a space, so a space in a date must be encoded as %20.
  const text = query.toString().replaceAll("+", "%20");
  return requestBytes({
    path: `/${mode}/${filters.map(encodeURIComponent).join("/")}?${text}`,
    headers: { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
  });
}

/** Messages have numbers from 1. Ids below 1 do not belong to messages. */
function tell(message: Message, log: Log): void {
  const { id: number, time, tag, eventid } = message;
  const text = decodeURIComponent(message.text);
  const id = eventid === "" ? undefined : eventid;
  if (number === gapNumber) log.tell({ kind: "gap", reason: reasonOf(text) }, undefined);
  else if (number > 0) log.tell({ kind: "event", data: text }, { stamp: { time, tag }, id });
}

function readBlock(text: string, log: Log): void {
  const { event, data } = parseBlock(text);
  if (event === "pharos-gap") log.tell({ kind: "gap", reason: reasonOf(data ?? "") }, undefined);
  else if (data !== undefined) tell(JSON.parse(data) as Message, log);
}

const scriptForm = /^<script>p\((-?\d+),'([^']*)','([^']*)','([^']*)', '([^']*)', '([^']*)'\);<\/script>$/;

function readScript(text: string, log: Log): void {
  const [, id, , message = "", eventid = "", time = "", tag = ""] = scriptForm.exec(text) ?? [];
  if (id !== undefined) tell({ id: Number(id), text: message, eventid, time, tag }, log);
}

interface StreamMode {
  readonly name: string;
  readonly mode: string;
  /** Further headers of each request. @default none */
  readonly headers?: Headers;
  /** The text that marks an open stream; empty if the response head is enough. */
  readonly opening: string;
  readonly reader: (log: Log) => Reader;
}

function stream({ name, mode, headers = {}, opening, reader }: StreamMode): Transport {
  const open: Transport["open"] = (site, following, log) => {
    const read = reader(log);
    let isOpen = false;
    let first = "";
    const opened: Reader = (piece) => {
      read(piece);
      if (isOpen) return;
      first += piece.toString("latin1");
      isOpen = first.includes(opening);
      if (isOpen) log.opened();
    };
    return openLine(site, request(mode, following, headers), { read: opened, log });
  };
  const asking: Transport["request"] = (following) => request(mode, following, headers);
  return { ...module, name, open, isStream: true, presence: "yes", request: asking };
}

/** Values that hold for all modes: the clients of the module have no event ids and no retained values. */
const module = { retained: notInThisScheme, positions: notInThisScheme } as const;

interface PollMode {
  readonly name: string;
  readonly mode: string;
  /** The messages in a response; empty if the response has none. */
  readonly messagesOf: (body: string) => readonly Message[];
}

function polls({ name, mode, messagesOf }: PollMode): Transport {
  const take = (answer: ResponseText, log: Log): void => {
    const reason = answer.headers.get("x-pharos-gap");
    if (reason !== undefined) log.tell({ kind: "gap", reason }, undefined);
    for (const message of messagesOf(answer.body)) tell(message, log);
    const stamp = stampOf(answer);
    log.move({ id: log.place.id, ...(stamp === undefined ? {} : { stamp }) });
  };
  const open: Transport["open"] = (site, following, log) => {
    // The hub does not confirm a waiting poll. The first poll therefore does not wait, and its response shows that the
    // hub has subscribed the client.
    let headers: Headers = { "X-Nginx-PushStream-Mode": "polling" };
    const next = (from: Place | undefined): string => {
      const bytes = request(mode, { ...following, from }, headers);
      headers = {};
      return bytes;
    };
    return openPolls(site, { log, take, request: next }, following);
  };
  return {
    ...module,
    name,
    open,
    isStream: false,
    presence: notInThisScheme,
    request: (asked) => request(mode, asked),
  };
}

function stampOf({ headers }: ResponseText): Place["stamp"] {
  const [time, tag] = [headers.get("last-modified"), headers.get("etag")];
  return time === undefined || tag === undefined ? undefined : { time, tag };
}

function linesOf(body: string): readonly Message[] {
  const lines = body.split("\r\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Message);
}

/** A JSONP response: `f([…]);` */
const scriptBody = /^f\((.*)\);$/s;

export const pushStreams: readonly Transport[] = [
  stream({
    name: "a push stream of events",
    mode: "ev",
    opening: ": \n",
    reader: (log) => texts("\n\n", (text) => readBlock(text, log)),
  }),
  stream({
    name: "a push stream in a frame",
    mode: "sub",
    opening: "<body>",
    reader: (log) => texts("\r\n", (text) => readScript(text, log)),
  }),
  stream({
    name: "a push stream's WebSocket",
    mode: "ws",
    headers: handshakeHeaders,
    opening: "",
    reader: (log) => frameTexts((text) => tell(JSON.parse(text) as Message, log)),
  }),
  polls({
    name: "a push stream's poll",
    mode: "lp",
    messagesOf: linesOf,
  }),
  polls({
    name: "a push stream's poll by script",
    mode: "jsonp",
    messagesOf: (body) => {
      const [, list] = scriptBody.exec(body) ?? [];
      // The response to a request that does not wait has the messages as text.
      return list === undefined ? linesOf(body) : (JSON.parse(list) as readonly Message[]);
    },
  }),
];
