import { mercurePath } from "../../../src/protocol.js";
import { likeBrowsers, parseBlock } from "../client.js";
import { requestBytes } from "../http-text.js";
import type { Log } from "./log.js";
import { openLine, texts } from "./stream-line.js";
import type { Following, Transport } from "./transport.js";

/** A path that serves event streams, with the form of its requests. */
interface Asking {
  readonly name: string;
  readonly path: string;
  /** The name of the query parameter for an exact topic. */
  readonly parameter: string;
  /** @default none */
  readonly headers?: Readonly<Record<string, string>>;
}

function eventStream({ name, path, parameter, headers = {} }: Asking): Transport {
  const request = ({ filters, from, added = [], token }: Following): string => {
    const query = [
      ...filters.map((filter) => [parameter, filter]),
      ...added.map((filter) => ["added", filter]),
    ].map(([key = "", value = ""]) => `${key}=${encodeURIComponent(value)}`);
    return requestBytes({
      path: `${path}?${query.join("&")}`,
      headers: {
        ...likeBrowsers,
        ...headers,
        ...(from?.id === undefined ? {} : { "Last-Event-ID": from.id }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    });
  };
  return {
    name,
    request,
    open: (site, following, log) =>
      openLine(site, request(following), { read: texts("\n\n", (text) => readBlock(text, log)), log }),
    isStream: true,
    retained: "yes",
    positions: "yes",
    presence: "yes",
  };
}

/** Reads one block. The first block shows that the stream is open. */
function readBlock(text: string, log: Log): void {
  const { id, event, data } = parseBlock(text);
  const place = id === undefined ? undefined : { id };
  if (data === undefined) log.move(place);
  else if (event === "pharos-gap") log.tell({ kind: "gap", reason: reasonOf(data) }, place);
  else log.tell({ kind: "event", data }, place);
  log.opened();
}

/** The reason in the data of a gap notice. */
export function reasonOf(notice: string): string {
  return (JSON.parse(notice) as { readonly reason: string }).reason;
}

export const eventStreams: readonly Transport[] = [
  eventStream({ name: "an event stream", path: "/esupdates", parameter: "topic" }),
  eventStream({
    name: "an event stream in gzip",
    path: "/esupdates",
    parameter: "topic",
    headers: { Accept: "text/event-stream", "Accept-Encoding": "gzip" },
  }),
  eventStream({ name: "a Mercure stream of the current form", path: mercurePath, parameter: "match" }),
  eventStream({ name: "a Mercure stream of the older form", path: mercurePath, parameter: "topic" }),
];
