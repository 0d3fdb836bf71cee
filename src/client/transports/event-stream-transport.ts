import { gapEventType } from "../../protocol.js";
import { EventStreamReader, type StreamEvent } from "../../sse/parse.js";
import { requestUrl } from "./address.js";
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

/** Settings that apply to all requests of a live connection. */
export interface RequestSettings {
  /**
   * Headers of each request, except the request for a WebSocket. The library sets `Accept`, `Authorization` and
   * `Last-Event-ID`.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Whether requests carry cookies. With `include`, the library also sends cookies to a hub of another origin; this hub
   * must allow the page's origin. @default "same-origin"
   */
  readonly credentials?: RequestCredentials;
  /**
   * A function that the library calls in place of `fetch`. Requests of a shared worker do not use this function.
   * @default the platform's `fetch`
   */
  readonly fetch?: typeof fetch;
}

/**
 * Opens an event stream with `fetch`. Unlike `EventSource`, this function reports the reason of an error response. The
 * function does not read ahead.
 *
 * @throws as {@link sendRequest}
 */
export async function openEventStream(
  address: string,
  request: TransportRequest,
  settings: RequestSettings,
): Promise<OpenStream> {
  const response = await sendRequest(requestUrl(address, request, { show: "topics" }), request, settings);
  const type = response.headers.get("content-type") ?? "";
  if (response.body === null || !/^text\/event-stream\b/i.test(type))
    throw new UnservedError(`the server answered with content type "${type}"`);
  return readStream(response.body, request.lastEventId);
}

/** The parts of a request that are not in its URL. */
export type RequestParts = Pick<TransportRequest, "lastEventId" | "token" | "signal">;

/**
 * Sends a GET request with the headers of the library, and returns a response of status 200.
 *
 * @throws StreamRefusedError, UnservedError, or an error of `fetch`
 */
export async function sendRequest(
  url: string,
  { lastEventId, token, signal }: RequestParts,
  settings: RequestSettings,
): Promise<Response> {
  const { fetch = globalThis.fetch, credentials = "same-origin" } = settings;
  const headers = new Headers(settings.headers);
  headers.set("Accept", "text/event-stream, application/json");
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  // Header values are bytes, so the library sends the id as UTF-8 bytes, as browsers do [HTML 9.2.3].
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
  return { next: () => read().catch(streamEnd) };
}

function streamEnd(error: unknown): StreamEnd {
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
