import { emptyPing, frameText } from "../../../gateway/websocket/frame.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Format } from "../../../hub/publications/format.js";
import { parsePosition } from "../../../hub/publications/position.js";
import { gapEventType } from "../../../protocol.js";
import type { GapNotice } from "../../../protocol.js";
import {
  deletedFields,
  gapFields,
  messageFields,
  pingFields,
  positionFields,
  refusalFields,
  retainedFields,
} from "./message.js";
import type { ChannelRefusal, DeletedChannel } from "./message.js";
import type { Stamp, Stamps } from "./stamps.js";
import { Template } from "./template.js";
import type { TemplateFields } from "./template.js";

/** The template of a message for the client library, which expects a number as the id. */
const jsonMessage = new Template(
  '{"id":~id~,"channel":"~channel~","text":"~text~", "tag":"~tag~", "time":"~time~", "eventid":"~event-id~"}',
);

/** The template of one message in the page for an iframe: a script that calls `p(…)`. */
const scriptMessage = new Template(
  "<script>p(~id~,'~channel~','~text~','~event-id~', '~time~', '~tag~');</script>\r\n",
);

const nothing = Buffer.alloc(0);

/** The two formats of a stream: for clients that read positions, and for other clients. */
export interface StreamFormats {
  readonly positions: Format;
  readonly plain: Format;
  /** Writes the last message of a stream, one of whose channels was deleted. It moves the client's cursor to this id. */
  readonly deleted: (deleted: DeletedChannel, id: string) => Buffer;
}

/** The formats for the module's modes, and the messages that are no events. */
export interface PushStreamFormats {
  readonly stream: StreamFormats;
  readonly eventsource: StreamFormats;
  readonly websocket: StreamFormats;
  readonly longPoll: Format;
  /** A frame with the reason why the hub did not publish a WebSocket client's message. */
  readonly refused: (refusal: ChannelRefusal) => Buffer;
  /**
   * The answer to a client's first poll: a message from whose stamp the client resumes. Undefined with a template of the
   * operator, whose clients need not know such a message.
   */
  readonly polledPosition: ((stamp: Stamp) => Buffer) | undefined;
  /** The answer to a poll, one of whose channels was deleted. */
  readonly polledDeletion: (deleted: DeletedChannel, stamp: Stamp) => Buffer;
}

/**
 * Creates the formats with the stamps of one hub. The heartbeats are the same for every hub.
 *
 * @param template the operator's template of a message, with the raw text; undefined for that of `pushstream.js`. The page
 *   for an iframe has its own: there, raw text would run as a script
 */
export function pushStreamFormats(stamps: Pick<Stamps, "of">, template?: string): PushStreamFormats {
  const message = template === undefined ? jsonMessage : new Template(template, { isRaw: true });
  const line = (fields: TemplateFields): Buffer => Buffer.from(`${message.write(fields)}\r\n`);
  const fieldsFor = (entry: Entry): TemplateFields => messageFields(entry, stamps.of(entry.offset));
  const stampAt = (id: string): Stamp => stamps.of(parsePosition(id)?.offset ?? 0);
  return {
    eventsource: streamFormats("push-stream-ev", {
      // The id is the hub's: the publisher's id if no other publication has it, otherwise the position. So a browser
      // resumes exactly after each message.
      event: (entry) => `id: ${entry.id}\n${eventText(entry, message.write(fieldsFor(entry)))}`,
      retained: (entry) => eventText(entry, message.write(retainedFields(entry))),
      heartbeat: (id) => Buffer.from(id === undefined ? ": -1\n" : `: -1\nid: ${id}\n\n`),
      gap: (notice, id) => `id: ${id}\nevent: ${gapEventType}\ndata: ${JSON.stringify(notice)}\n\n`,
      deleted: (channel, id) =>
        `id: ${id}\n${dataLines(message.write(deletedFields(channel, stampAt(id))))}\n\n`,
      position: (id) => `id: ${id}\n\n`,
    }),
    stream: streamFormats("push-stream-sub", {
      event: (entry) => scriptMessage.write(fieldsFor(entry)),
      retained: (entry) => scriptMessage.write(retainedFields(entry)),
      heartbeat: () => Buffer.from(scriptMessage.write(pingFields)),
      gap: (notice, id) => scriptMessage.write(gapFields(notice, stampAt(id))),
      deleted: (channel, id) => scriptMessage.write(deletedFields(channel, stampAt(id))),
      position: (id) => scriptMessage.write(positionFields(stampAt(id))),
    }),
    websocket: streamFormats("push-stream-ws", {
      event: (entry) => message.write(fieldsFor(entry)),
      retained: (entry) => message.write(retainedFields(entry)),
      // Every client answers a ping.
      heartbeat: () => emptyPing,
      gap: (notice, id) => message.write(gapFields(notice, stampAt(id))),
      deleted: (channel, id) => message.write(deletedFields(channel, stampAt(id))),
      // Clients with a template of their own need not know such a message.
      ...(template === undefined ? { position: (id) => message.write(positionFields(stampAt(id))) } : {}),
      encode: frameText,
    }),
    longPoll: {
      name: "push-stream-lp",
      event: (entry) => line(fieldsFor(entry)),
      retained: () => nothing,
      position: () => nothing,
      heartbeat: () => nothing,
      // A response header reports the gap. A gap message would make the client request the same response again and
      // again.
      gap: () => nothing,
    },
    refused: (refusal) => frameText(message.write(refusalFields(refusal))),
    polledPosition: template === undefined ? (stamp) => line(positionFields(stamp)) : undefined,
    polledDeletion: (deleted, stamp) => line(deletedFields(deleted, stamp)),
  };
}

interface Text {
  readonly event: (entry: Entry) => string;
  /** A retained value, from which no client resumes. */
  readonly retained: (entry: Entry) => string;
  /** @param id the position; undefined for clients that do not read positions */
  readonly heartbeat: (id: string | undefined) => Buffer;
  readonly gap: (notice: GapNotice, id: string) => string;
  readonly deleted: (channel: DeletedChannel, id: string) => string;
  /** @default no bytes */
  readonly position?: (id: string) => string;
  /** @default the bytes of the text */
  readonly encode?: (text: string) => Buffer;
}

function streamFormats(name: string, text: Text): StreamFormats {
  const { heartbeat, encode = (each) => Buffer.from(each) } = text;
  const plain: Format = {
    name: `${name}-events`,
    event: (entry) => encode(text.event(entry)),
    retained: (entry) => encode(text.retained(entry)),
    position: () => nothing,
    heartbeat: () => heartbeat(undefined),
    gap: (notice, id) => encode(text.gap(notice, id)),
  };
  return {
    plain,
    positions: {
      ...plain,
      name,
      position: (id) => (text.position === undefined ? nothing : encode(text.position(id))),
      heartbeat,
    },
    deleted: (channel, id) => encode(text.deleted(channel, id)),
  };
}

/** Writes an event without its id. The type contains no line breaks. */
function eventText({ publication: { type } }: Entry, message: string): string {
  const typeLine = type === undefined ? "" : `event: ${type}\n`;
  return `${typeLine}${dataLines(message)}\n\n`;
}

/** A message in the data of an event; a raw text may have several lines. */
function dataLines(message: string): string {
  return `data: ${message.replaceAll(/\r\n|\r|\n/g, "\ndata: ")}`;
}
