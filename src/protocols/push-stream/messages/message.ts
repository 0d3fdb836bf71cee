import { namedTopics } from "../../../gateway/formats/json.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { GapNotice } from "../../../protocol.js";
import { formatTime } from "./stamps.js";
import type { Stamp } from "./stamps.js";
import type { TemplateFields } from "./template.js";

/** The ids of what is no message: the module's own, and two that its clients pass over. */
export const specialIds = Object.freeze({ ping: -1, deleted: -2, timedOut: -3, gap: -4, refused: -5 });

/**
 * A publication as a message. Its channel is the first topic that it may name: what comes over this protocol has one, and
 * of a private publication with several, published otherwise, it is empty.
 */
export function messageFields(entry: Entry, { time, tag }: Stamp): TemplateFields {
  const { data, type = "", id } = entry.publication;
  const [channel = ""] = namedTopics(entry.publication);
  return {
    id: String(entry.ordinal),
    "event-id": quotable(id === entry.id ? id : ""),
    "event-type": quotable(type),
    channel: quotable(channel),
    text: encodeText(data),
    size: String(Buffer.byteLength(data)),
    tag: String(tag),
    time: formatTime(time),
  };
}

const noWords: TemplateFields = Object.freeze({
  id: "",
  "event-id": "",
  "event-type": "",
  channel: "",
  text: "",
  size: "0",
  tag: "0",
  time: formatTime(0),
});

/** What says that a quiet stream is alive. */
export const pingFields: TemplateFields = Object.freeze({ ...noWords, id: String(specialIds.ping) });

/** What is lost, for whoever looks at it: clients of the module pass over ids that are negative and not theirs. */
export function gapFields(notice: GapNotice): TemplateFields {
  return noteWords(specialIds.gap, notice);
}

/** Why what a subscriber has sent is not published, as {@link gapFields}. */
export function refusalFields(refusal: ChannelRefusal): TemplateFields {
  return noteWords(specialIds.refused, refusal);
}

export interface ChannelRefusal {
  readonly code: string;
  readonly detail: string;
}

function noteWords(id: number, note: object): TemplateFields {
  const text = JSON.stringify(note);
  return { ...noWords, id: String(id), text: encodeText(text), size: String(Buffer.byteLength(text)) };
}

/**
 * Text as clients of the module decode it: with `decodeURIComponent`. The quote, which that leaves alone, would end the
 * string that the text stands in.
 */
export function encodeText(text: string): string {
  return encodeURIComponent(text).replaceAll("'", "%27");
}

/**
 * What clients give back as it came, such as an event's id, inside a string of JSON or of a script in a page: with
 * escapes that both know for all that would end the string or the script.
 */
function quotable(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(
      /['<>&\u2028\u2029]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}
