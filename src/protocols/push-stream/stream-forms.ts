import type { Dialogue, GatewayRequest, Headers } from "../../gateway/http/messages.js";
import { acceptHandshake } from "../../gateway/websocket/handshake.js";
import { wantsPositions } from "../../gateway/streams/positions.js";
import { unbufferedHeaders } from "../../gateway/streams/stream-start.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { webSocketProtocol } from "../../protocol.js";
import { sendsControl } from "./channels/control.js";
import { ChannelDialogue } from "./channel-dialogue.js";
import type { PushStreamFormats, StreamFormats } from "./messages/formats.js";
import { framePage } from "./frame-page.js";
import type { PushStreamOptions } from "./options.js";
import type { StreamMode, ChannelSubscriber } from "./channels/subscriber.js";

/** The parts of a stream that depend on its mode. */
export interface StreamForm {
  readonly formats: StreamFormats;
  /** True if the client reads positions. */
  readonly readsPositions: (request: GatewayRequest, query: NameValuePairs) => boolean;
  /** The first bytes of the stream. */
  readonly opening: Buffer;
  /** The headers of the response. Throws PharosError if the request cannot have such a stream. */
  headersFor(request: GatewayRequest): Headers;
  /** Creates the handler for the client's messages; undefined if the client cannot send messages. */
  readonly dialogueFor?: (subscriber: ChannelSubscriber) => Dialogue;
}

/** The stream forms of all modes that have streams. */
export function streamForms(
  options: PushStreamOptions,
  formats: PushStreamFormats,
): Readonly<Record<StreamMode, StreamForm>> {
  return {
    stream: {
      formats: formats.stream,
      readsPositions: (_request, query) => sendsControl(query),
      opening: framePage,
      headersFor: () => [
        ...responseHeaders("text/html; charset=utf-8"),
        ["Content-Security-Policy", options.origins.framePolicy],
      ],
    },
    eventsource: {
      formats: formats.eventsource,
      readsPositions: wantsPositions,
      opening: Buffer.from(": \n"),
      headersFor: () => responseHeaders("text/event-stream; charset=utf-8"),
    },
    websocket: {
      formats: formats.websocket,
      readsPositions: (_request, query) => sendsControl(query),
      opening: Buffer.alloc(0),
      headersFor: (request) => acceptHandshake(request, [webSocketProtocol]),
      dialogueFor: (subscriber) => new ChannelDialogue({ ...options, refused: formats.refused }, subscriber),
    },
  };
}

function responseHeaders(type: string): Headers {
  return [
    ["Content-Type", type],
    ["Expires", "Thu, 01 Jan 1970 00:00:01 GMT"],
    ["Cache-Control", "no-cache, no-store, no-transform, must-revalidate"],
    ["X-Content-Type-Options", "nosniff"],
    ...unbufferedHeaders,
  ];
}
