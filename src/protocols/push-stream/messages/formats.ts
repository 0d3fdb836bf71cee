import { emptyPing, frameText } from "../../../gateway/websocket/frame.js";
import type { Entry } from "../../../hub/publications/entry.js";
import type { Format } from "../../../hub/publications/format.js";
import { gapEventType } from "../../../protocol.js";
import type { GapNotice } from "../../../protocol.js";
import { gapFields, messageFields, pingFields, refusalFields } from "./message.js";
import type { ChannelRefusal } from "./message.js";
import type { Stamps } from "./stamps.js";
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

/** The formats for the module's modes. */
export interface PushStreamFormats {
  readonly eventSource: Format;
  readonly stream: Format;
  readonly webSocket: Format;
  readonly longPoll: Format;
}

/** Creates the formats with the stamps of one hub. The heartbeats are the same for every hub. */
export function pushStreamFormats(stamps: Pick<Stamps, "of">): PushStreamFormats {
  const fieldsFor = (entry: Entry): TemplateFields => messageFields(entry, stamps.of(entry.offset));
  return {
    eventSource: format("push-stream-ev", {
      event: (entry) => eventSourceText(fieldsFor(entry)),
      heartbeat: Buffer.from(": -1\n\n"),
      gap: (notice) => `event: ${gapEventType}\ndata: ${JSON.stringify(notice)}\n\n`,
    }),
    stream: format("push-stream-sub", {
      event: (entry) => scriptMessage.write(fieldsFor(entry)),
      heartbeat: Buffer.from(scriptMessage.write(pingFields)),
      gap: (notice) => scriptMessage.write(gapFields(notice)),
    }),
    webSocket: format("push-stream-ws", {
      event: (entry) => jsonMessage.write(fieldsFor(entry)),
      // Every client answers a ping.
      heartbeat: emptyPing,
      gap: (notice) => jsonMessage.write(gapFields(notice)),
      encode: frameText,
    }),
    longPoll: {
      ...format("push-stream-lp", {
        event: (entry) => `${jsonMessage.write(fieldsFor(entry))}\r\n`,
        heartbeat: nothing,
        // A response header reports the gap. A gap message would make the client request the same response again and
        // again.
        gap: () => "",
      }),
      retained: () => nothing,
    },
  };
}

/** A frame with the reason why the hub did not publish a WebSocket client's message. */
export function refusedFrame(refusal: ChannelRefusal): Buffer {
  return frameText(jsonMessage.write(refusalFields(refusal)));
}

interface Text {
  readonly event: (entry: Entry) => string;
  readonly heartbeat: Buffer;
  readonly gap: (notice: GapNotice) => string;
  /** @default the bytes of the text */
  readonly encode?: (text: string) => Buffer;
}

/** Creates a format. These formats write no positions: clients get the position from the stamps of messages. */
function format(name: string, text: Text): Format {
  const { heartbeat, encode = (each) => Buffer.from(each) } = text;
  const event = (entry: Entry): Buffer => encode(text.event(entry));
  return {
    name,
    event,
    retained: event,
    position: () => nothing,
    heartbeat: () => heartbeat,
    gap: (notice) => encode(text.gap(notice)),
  };
}

/** Writes an event. The fields are escaped for a JSON string, so the id and the type contain no line breaks. */
function eventSourceText(fields: TemplateFields): string {
  const { "event-id": id, "event-type": type } = fields;
  const lines = [id === "" ? "" : `id: ${unquoted(id)}\n`, type === "" ? "" : `event: ${unquoted(type)}\n`];
  return `${lines.join("")}data: ${jsonMessage.write(fields)}\n\n`;
}

function unquoted(text: string): string {
  return String(JSON.parse(`"${text}"`));
}
