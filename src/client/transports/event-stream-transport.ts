import { gapEventType } from "../../protocol.js";
import { EventStreamReader, type StreamEvent } from "../../sse/parse.js";
import { askedUrl } from "./address.js";
import type { Arrival, LiveItem } from "../messages/item.js";
import { parseGapText } from "../messages/json.js";
import { refusalOfResponse, UnservedError } from "../messages/refusal.js";
import {
  reasonText,
  type ArrivalBatch,
  type OpenStream,
  type StreamEnd,
  type TransportRequest,
} from "./transport.js";

/** What all requests of a live connection have in common. */
export interface RequestSettings {
  /** Sent with each request, not with a WebSocket. `Accept`, `Authorization` and `Last-Event-ID` are the library's. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether cookies go to a hub of another origin, which must list yours: `include`. @default "same-origin" */
  readonly credentials?: RequestCredentials;
  /** Not for what a worker asks for. @default the platform's `fetch` */
  readonly fetch?: typeof fetch;
}

/**
 * Opens an event stream, read with fetch: the server's reason is known when it refuses, and nothing is read ahead.
 *
 * @throws as {@link ask}
 */
export async function openEventStream(
  address: string,
  request: TransportRequest,
  settings: RequestSettings,
): Promise<OpenStream> {
  const response = await ask(askedUrl(address, request, { show: "topics" }), request, settings);
  const type = response.headers.get("content-type") ?? "";
  if (response.body === null || !/^text\/event-stream\b/i.test(type))
    throw new UnservedError(`the server answered with content type "${type}"`);
  return readStream(response.body, request.lastEventId);
}

/** What a request carries beside its URL. */
export type AskedWith = Pick<TransportRequest, "lastEventId" | "token" | "signal">;

/**
 * Asks with what each request carries, and returns an answer of status 200.
 *
 * @throws StreamRefusedError, UnservedError, or what `fetch` throws
 */
export async function ask(
  url: string,
  { lastEventId, token, signal }: AskedWith,
  settings: RequestSettings,
): Promise<Response> {
  const { fetch = globalThis.fetch, credentials = "same-origin" } = settings;
  const headers = new Headers(settings.headers);
  headers.set("Accept", "text/event-stream, application/json");
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  // Header values are bytes: an id beyond ASCII travels as the bytes of its UTF-8, as from a browser [HTML 9.2.3].
  if (lastEventId !== "") headers.set("Last-Event-ID", byteString(lastEventId));
  const response = await fetch(url, { headers, signal, credentials, cache: "no-store" });
  if (response.status === 200) return response;
  throw await refusalOfResponse(response);
}

function readStream(body: ReadableStream<Uint8Array>, lastEventId: string): OpenStream {
  const bytes = body.getReader();
  let arrivals: Arrival[] = [];
  const onEvent = (event: StreamEvent): void => void arrivals.push({ cursor: event.id, item: itemOf(event) });
  const reader = new EventStreamReader({ lastEventId, onEvent });
  const read = async (): Promise<ArrivalBatch> => {
    const { value } = await bytes.read();
    if (value === undefined) throw new Error("the server ended the stream");
    const before = reader.lastEventId;
    arrivals = [];
    reader.push(value);
    const cursor = reader.lastEventId;
    if (cursor !== (arrivals.at(-1)?.cursor ?? before)) arrivals.push({ cursor });
    return { kind: "batch", arrivals, retryMs: reader.reconnectionMs, heartbeatMs: reader.heartbeatMs };
  };
  return { next: () => read().catch(ended) };
}

function ended(error: unknown): StreamEnd {
  return { kind: "end", reason: reasonText(error) };
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
  return String.fromCharCode(...new TextEncoder().encode(text));
}
