import { gapEventType } from "../protocol.js";
import { EventStreamReader, type StreamEvent } from "../sse/parse.js";
import { askedUrl } from "./address.js";
import type { Arrival, LiveItem } from "./item.js";
import { parseGapText } from "./json.js";
import { refusalOf } from "./refusal.js";
import {
  reasonText,
  StreamFailure,
  type Batch,
  type OpenStream,
  type StreamEnd,
  type StreamRequest,
  type Transport,
} from "./transport.js";

/** What all requests of a live connection have in common. */
export interface RequestSettings {
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: RequestCredentials;
  readonly fetch: typeof fetch;
}

/** Event streams, read with fetch: the server's reason is known when it refuses, and nothing is read ahead. */
export function eventStreamTransport(address: string, settings: RequestSettings): Transport {
  return {
    name: "event-stream",
    async open(request) {
      const response = await ask(askedUrl(address, request, [["show", "topics"]]), request, settings);
      const type = response.headers.get("content-type") ?? "";
      if (response.body === null || !/^text\/event-stream\b/i.test(type))
        throw new StreamFailure(`the server answered with content type ${JSON.stringify(type)}`, {
          isReached: true,
        });
      return readStream(response.body, request.lastEventId);
    },
  };
}

/**
 * Asks with what each request carries, and returns an answer of status 200.
 *
 * @throws StreamRefusedError, StreamFailure
 */
export async function ask(
  url: string,
  { lastEventId, token, signal }: StreamRequest,
  settings: RequestSettings,
): Promise<Response> {
  const headers = new Headers(settings.headers);
  headers.set("Accept", "text/event-stream, application/json;q=0.9");
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  // Header values are bytes: an id beyond ASCII travels as the bytes of its UTF-8, as from a browser [HTML 9.2.3].
  if (lastEventId !== "") headers.set("Last-Event-ID", byteString(lastEventId));
  const { credentials } = settings;
  const init: RequestInit = { headers, signal, credentials, cache: "no-store" };
  const response = await settings.fetch(url, init).catch((error: unknown) => {
    throw new StreamFailure(reasonText(error));
  });
  if (response.status === 200) return response;
  throw await refusalOf(response);
}

function readStream(body: ReadableStream<Uint8Array>, lastEventId: string): OpenStream {
  const bytes = body.getReader();
  const arrivals: Arrival[] = [];
  const reader = new EventStreamReader({ lastEventId, onEvent: (event) => arrivals.push(arrivalOf(event)) });
  let cursor = lastEventId;
  const read = async (): Promise<Batch | StreamEnd> => {
    const { value } = await bytes.read();
    if (value === undefined) return { kind: "end", reason: "the server ended the stream" };
    reader.push(value);
    const taken = arrivals.splice(0);
    if (reader.lastEventId !== (taken.at(-1)?.cursor ?? cursor)) taken.push({ cursor: reader.lastEventId });
    cursor = reader.lastEventId;
    return {
      kind: "batch",
      arrivals: taken,
      retryMs: reader.reconnectionMs,
      heartbeatMs: reader.heartbeatMs,
    };
  };
  return { next: () => read().catch((error: unknown) => ({ kind: "end", reason: reasonText(error) })) };
}

function arrivalOf(event: StreamEvent): Arrival {
  return { cursor: event.id, item: itemOf(event) };
}

function itemOf({ id, type, data, topics = [], retained }: StreamEvent): LiveItem {
  if (type === gapEventType) return { kind: "gap", id, ...parseGapText(data) };
  return {
    kind: "event",
    id: retained ?? id,
    topics,
    ...(type === "message" ? {} : { type }),
    data,
    ...(retained === undefined ? {} : { retained: true }),
  };
}

function byteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}
