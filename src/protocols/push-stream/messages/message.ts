import { namedTopics } from "../../../gateway/formats/json.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { GapNotice } from "../../../protocol.js";
import type { Topic } from "../../../hub/topics/topic.js";
import { formatTime } from "./stamps.js";
import type { Stamp } from "./stamps.js";
import type { TemplateFields } from "./template.js";

/** The message ids of notices: the module's own ids, and three more, which the module's clients ignore. */
const specialIds = Object.freeze({ ping: -1, deleted: -2, timedOut: -3, gap: -4, refused: -5, position: -6 });

/**
 * Converts a publication to a message. The channel is the first of {@link namedTopics}. The channel is empty for a
 * private publication with several topics, which only other protocols can publish.
 */
export function messageFields(entry: Entry, { time, tag }: Stamp): TemplateFields {
  const { data, type = "", id = "" } = entry.publication;
  const [channel = ""] = namedTopics(entry.publication);
  return {
    id: String(entry.ordinal),
    "event-id": quotable(id),
    "event-type": quotable(type),
    channel: quotable(channel),
    ...textFields(data),
    ...stampFields({ time, tag }),
  };
}

/**
 * Converts a retained value to a message. A push stream has retained values only before a gap event, and they may be
 * newer than events that follow. So the message has no cursor.
 */
export function retainedFields(entry: Entry): TemplateFields {
  return { ...messageFields(entry, { time: 0, tag: 0 }), time: "", tag: "", "event-id": "" };
}

function textFields(text: string): Pick<TemplateFields, "text" | "rawText" | "size"> {
  return { text: encodeText(text), rawText: text, size: String(Buffer.byteLength(text)) };
}

function stampFields({ time, tag }: Stamp): Pick<TemplateFields, "time" | "tag"> {
  return { time: formatTime(time), tag: String(tag) };
}

const emptyFields: TemplateFields = Object.freeze({
  id: "",
  "event-id": "",
  "event-type": "",
  channel: "",
  text: "",
  rawText: "",
  size: "0",
  tag: "0",
  time: formatTime(0),
});

/** The heartbeat of a stream. */
export const pingFields: TemplateFields = Object.freeze({ ...emptyFields, id: String(specialIds.ping) });

/** The notice of a gap. Clients of the module ignore unknown negative ids, but resume from the stamp. */
export function gapFields(notice: GapNotice, stamp: Stamp): TemplateFields {
  return { ...noticeFields(specialIds.gap, notice), ...stampFields(stamp) };
}

/** A channel that a publisher has deleted, and the text of the message about this. */
export interface DeletedChannel {
  readonly channel: Topic;
  readonly text: string;
}

/** The notice that a channel was deleted. A client that resumes from its stamp gets what was published later. */
export function deletedFields({ channel, text }: DeletedChannel, stamp: Stamp): TemplateFields {
  return {
    ...emptyFields,
    id: String(specialIds.deleted),
    channel: quotable(channel),
    ...textFields(text),
    ...stampFields(stamp),
  };
}

/** A message without text, from whose stamp the client resumes. */
export function positionFields(stamp: Stamp): TemplateFields {
  return { ...emptyFields, id: String(specialIds.position), ...stampFields(stamp) };
}

/** The notice that the hub did not publish a message of the subscriber. */
export function refusalFields(refusal: ChannelRefusal): TemplateFields {
  return noticeFields(specialIds.refused, refusal);
}

export interface ChannelRefusal {
  readonly code: string;
  readonly detail: string;
}

/** A notice without a stamp: a client that copied the stamp of an empty message would resume from another position. */
function noticeFields(id: number, note: object): TemplateFields {
  return { ...emptyFields, id: String(id), ...textFields(JSON.stringify(note)), time: "", tag: "" };
}

/**
 * Encodes text for `decodeURIComponent`, which the module's clients use. The single quote is encoded too: otherwise
 * it would end the string that contains the text.
 */
export function encodeText(text: string): string {
  return encodeURIComponent(text).replaceAll("'", "%27");
}

/**
 * Escapes text for a string in JSON or in a page's script. Clients send such text back unchanged, for example an
 * event id. JSON and scripts both support these escapes, and nothing in the result can end the string or the script.
 */
function quotable(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(
      /['<>&\u2028\u2029]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}
