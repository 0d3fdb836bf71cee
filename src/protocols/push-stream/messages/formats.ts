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

/** What the client library reads; it takes the id for a number. */
const jsonMessage = new Template(
  '{"id":~id~,"channel":"~channel~","text":"~text~", "tag":"~tag~", "time":"~time~", "eventid":"~event-id~"}',
);

/** What its page in a frame calls. */
const scriptMessage = new Template(
  "<script>p(~id~,'~channel~','~text~','~event-id~', '~time~', '~tag~');</script>\r\n",
);

const nothing = Buffer.alloc(0);

/** How each of the module's modes writes what the hub says. */
export interface PushStreamFormats {
  readonly eventSource: Format;
  readonly stream: Format;
  readonly webSocket: Format;
  readonly longPoll: Format;
}

/** The formats over the stamps of one hub. A heartbeat says nothing of the hub: that of every hub is the same. */
export function pushStreamFormats(stamps: Pick<Stamps, "of">): PushStreamFormats {
  const wordsOf = (entry: Entry): TemplateFields => messageFields(entry, stamps.of(entry.offset));
  return {
    eventSource: format("push-stream-ev", {
      event: (entry) => eventSourceText(wordsOf(entry)),
      heartbeat: Buffer.from(": -1\n\n"),
      gap: (notice) => `event: ${gapEventType}\ndata: ${JSON.stringify(notice)}\n\n`,
    }),
    stream: format("push-stream-sub", {
      event: (entry) => scriptMessage.write(wordsOf(entry)),
      heartbeat: Buffer.from(scriptMessage.write(pingFields)),
      gap: (notice) => scriptMessage.write(gapFields(notice)),
    }),
    webSocket: format("push-stream-ws", {
      event: (entry) => jsonMessage.write(wordsOf(entry)),
      // Every client answers it.
      heartbeat: emptyPing,
      gap: (notice) => jsonMessage.write(gapFields(notice)),
      encode: frameText,
    }),
    longPoll: {
      ...format("push-stream-lp", {
        event: (entry) => `${jsonMessage.write(wordsOf(entry))}\r\n`,
        heartbeat: nothing,
        // A header tells it: an answer in which a gap has taken the room of a message would be asked for again and again.
        gap: () => "",
      }),
      retained: () => nothing,
    },
  };
}

/** A frame that says why what a WebSocket's client has sent is not published. */
export function refusedFrame(refusal: ChannelRefusal): Buffer {
  return frameText(jsonMessage.write(refusalFields(refusal)));
}

interface Text {
  readonly event: (entry: Entry) => string;
  readonly heartbeat: Buffer;
  readonly gap: (notice: GapNotice) => string;
  /** @default as it is */
  readonly encode?: (text: string) => Buffer;
}

/** Clients know positions by the stamps of messages. */
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

/** Words that were escaped for a string hold no line breaks, so that id and type stay in their lines. */
function eventSourceText(words: TemplateFields): string {
  const { "event-id": id, "event-type": type } = words;
  const fields = [id === "" ? "" : `id: ${unquoted(id)}\n`, type === "" ? "" : `event: ${unquoted(type)}\n`];
  return `${fields.join("")}data: ${jsonMessage.write(words)}\n\n`;
}

function unquoted(text: string): string {
  return String(JSON.parse(`"${text}"`));
}
