import { gapEventType } from "../../protocol.js";
import { EventStreamReader, type StreamEvent } from "../../sse/parse.js";
import { requestUrl } from "./address.js";
import type { Arrival, LiveItem } from "../messages/item.js";
import { parseGapText } from "../messages/json.js";
import { noStream } from "../messages/refusal.js";
import {
  endBy,
  withFirst,
  type ArrivalBatch,
  type OpenStream,
  type StreamEnd,
  type TransportRequest,
} from "./transport.js";

/** The values of `credentials`. A type of its own, because Node programs compile without the types of browsers. */
export type CredentialsMode = "omit" | "same-origin" | "include";

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
  readonly credentials?: CredentialsMode;
  /**
   * A function that the library calls in place of `fetch`. Requests of a shared worker do not use this function.
   * @default the platform's `fetch`
   */
  readonly fetch?: typeof fetch;
}

/** What all requests of a connection have in common. */
export interface Sender {
  readonly settings: RequestSettings;
  /** The error of a response without a stream. The code is loaded with the first such response. */
  readonly responseError: (response: Response) => Promise<Error>;
}

/**
 * Opens an event stream with `fetch`. Unlike `EventSource`, this function reports the reason of an error response.
 * Resolves with the head of the response. The function does not read ahead.
 *
 * @throws as {@link sendRequest}
 */
export async function openEventStream(
  address: string,
  request: TransportRequest,
  sender: Sender,
): Promise<OpenStream> {
  const response = await sendRequest(requestUrl(address, request, { show: "topics" }), request, sender);
  const { body, headers } = response;
  // Some replacements of `fetch` have no body that can be read as a stream.
  if (!body || !/^text\/event-stream\s*(;|$)/i.test(headers.get("content-type") ?? ""))
    throw await sender.responseError(response);
  return readStream(body, request.lastEventId);
}

/**
 * Waits for the first bytes of a stream. A hub sends them together with the head.
 *
 * @throws NoStreamError if the stream ends before
 */
export async function afterFirstBytes({ next }: OpenStream): Promise<OpenStream> {
  const first = await next();
  if (first.kind === "end") throw noStream(first.reason, "foreign");
  return withFirst(first, next);
}

/** The parts of a request that are not in its URL. */
export type RequestParts = Pick<TransportRequest, "lastEventId" | "token" | "signal">;

/**
 * Sends a request, and returns a response of status 200. The function is from the main bundle, because programs compare
 * errors with the error classes of the main bundle.
 */
export type SendRequest = (url: string, parts: RequestParts) => Promise<Response>;

/**
 * Sends a GET request with the headers of the library, and returns a response of status 200.
 *
 * @throws StreamRefusedError, NoStreamError, or an error of `fetch`
 */
export async function sendRequest(
  url: string,
  { lastEventId, token, signal }: RequestParts,
  { settings, responseError }: Sender,
): Promise<Response> {
  const { fetch = globalThis.fetch, credentials } = settings;
  const headers = new Headers(settings.headers);
  headers.set("Accept", "text/event-stream, application/json");
  if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
  if (lastEventId !== "") headers.set("Last-Event-ID", byteString(lastEventId));
  // Some platforms, such as workerd, refuse fields that they do not know.
  const cache = "cache" in (globalThis.Request?.prototype ?? {}) ? ({ cache: "no-store" } as const) : {};
  const response = await fetch(url, { headers, signal, ...cache, ...(credentials && { credentials }) });
  if (response.status === 200) return response;
  throw await responseError(response);
}

function readStream(body: ReadableStream<Uint8Array>, lastEventId: string): OpenStream {
  const bytes = body.getReader();
  let arrivals: Arrival[] = [];
  const onEvent = (event: StreamEvent): void => void arrivals.push({ cursor: event.id, item: itemOf(event) });
  const onPosition = (cursor: string): void => void arrivals.push({ cursor });
  const reader = new EventStreamReader({ lastEventId, onEvent, onPosition });
  const read = async (): Promise<ArrivalBatch | StreamEnd> => {
    const { value } = await bytes.read();
    if (value === undefined) return { kind: "end", reason: "the server ended the stream" };
    arrivals = [];
    reader.push(value);
    return { kind: "batch", arrivals, retryMs: reader.reconnectionMs, heartbeatMs: reader.heartbeatMs };
  };
  return { next: () => read().catch(endBy) };
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

/** A text as a header value. Header values are bytes, so the library sends an id in UTF-8, as browsers do [HTML 9.2.3]. */
export function byteString(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
