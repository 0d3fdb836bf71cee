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

/** The message that the client library reads. It expects the id to be a number. */
const jsonMessage = new Template(
  '{"id":~id~,"channel":"~channel~","text":"~text~", "tag":"~tag~", "time":"~time~", "eventid":"~event-id~"}',
);

/** The call in the page of a frame. */
const scriptMessage = new Template(
  "<script>p(~id~,'~channel~','~text~','~event-id~', '~time~', '~tag~');</script>\r\n",
);

const nothing = Buffer.alloc(0);

/** The formats of the module's modes. */
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
        // A header reports the gap. As a message, it would make the client request the same answer again and again.
        gap: () => "",
      }),
      retained: () => nothing,
    },
  };
}

/** A frame with the reason why a WebSocket client's message was not published. */
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

/** These formats write no positions: clients read them from the stamps of messages. */
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

/** The fields are escaped for a JSON string, so id and type hold no line breaks. */
function eventSourceText(fields: TemplateFields): string {
  const { "event-id": id, "event-type": type } = fields;
  const lines = [id === "" ? "" : `id: ${unquoted(id)}\n`, type === "" ? "" : `event: ${unquoted(type)}\n`];
  return `${lines.join("")}data: ${jsonMessage.write(fields)}\n\n`;
}

function unquoted(text: string): string {
  return String(JSON.parse(`"${text}"`));
}
