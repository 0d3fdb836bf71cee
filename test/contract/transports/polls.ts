import { requestBytes } from "../http-text.js";
import type { ResponseText } from "../http-text.js";
import type { Words } from "./json-words.js";
import { eventOfWords } from "./json-words.js";
import type { Log } from "./log.js";
import { openPolls } from "./poll-line.js";
import { notInThisScheme } from "./transport.js";
import type { Following, Transport } from "./transport.js";

interface Answer {
  readonly position: string;
  readonly events: readonly Words[];
}

function request({ filters, from, added = [], token }: Following): string {
  const cursor = from?.position ?? from?.id;
  const query = new URLSearchParams([
    ...filters.map((filter) => ["topic", filter]),
    ...added.map((filter) => ["added", filter]),
    ...(cursor === undefined ? [] : [["last_event_id", cursor]]),
  ]);
  return requestBytes({
    path: `/poll?${query.toString()}`,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
}

function take({ body }: ResponseText, log: Log): void {
  const { position, events } = JSON.parse(body) as Answer;
  for (const words of events) {
    const isMoved = words.retained !== true;
    log.tell(eventOfWords(words), isMoved ? { id: words.id } : undefined);
  }
  log.move({ id: log.place.id, position });
}

export const poll: Transport = {
  name: "a long poll",
  request,
  open: (site, following, log) =>
    openPolls(
      site,
      { log, take, request: (from, added) => request({ ...following, from, added }) },
      following,
    ),
  isStream: false,
  retained: "yes",
  positions: "yes",
  presence: notInThisScheme,
};
