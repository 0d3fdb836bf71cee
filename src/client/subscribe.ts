import { type GapNotice, gapEventType } from "../protocol.js";
import { EventStreamReader, type StreamEvent } from "../sse/parse.js";
import { reconnectDelayMs, wait } from "./backoff.js";
import { parseGapNotice } from "./gap.js";
import { isFinalStatus, reasonOf, StreamRefusedError } from "./refusal.js";

/** What a subscription yields, in order. */
export type ClientEvent =
  | { readonly kind: "event"; readonly id: string; readonly type: string; readonly data: string }
  /** Publications that this client should have had are gone; what the server still holds follows. */
  | { readonly kind: "gap"; readonly notice: GapNotice }
  | { readonly kind: "state"; readonly state: "connecting" | "open" }
  /** The stream ended or could not be opened; the next attempt comes in `delayMs`. */
  | { readonly kind: "state"; readonly state: "waiting"; readonly delayMs: number; readonly reason: string };

export interface SubscribeOptions {
  /** Topic filters, added to the URL as `topic`. Without any, and none in the URL, the server's default topic. */
  readonly filters?: readonly string[];
  /** Resume after this event, as if it was the last one received. @default none: begin with what comes now */
  readonly lastEventId?: string;
  /** Ends the subscription: the iteration then ends without an error. */
  readonly signal?: AbortSignal;
  /** Sent with each request. `Accept` and `Last-Event-ID` are set by the subscription. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default the platform's `fetch` */
  readonly fetch?: typeof fetch;
}

/**
 * Subscribes to a stream and keeps it: when the connection ends it waits and resumes after the last event
 * that arrived. The server is asked again for ever, except when it refuses for good. Nothing is read from the network
 * before the iteration asks for it, so a slow loop slows its own stream and buffers nothing.
 * Leaving the loop, or aborting the signal, closes the connection.
 *
 * @throws TypeError from the iteration, for a malformed URL
 * @throws StreamRefusedError from the iteration, after a 204 or a 4xx other than 408 and 429
 * @throws PharosError `too-large` from the iteration, for an event over 4 Mi characters
 */
export async function* subscribe(
  url: string | URL,
  options: SubscribeOptions = {},
): AsyncGenerator<ClientEvent, void, undefined> {
  const address = withFilters(url, options.filters ?? []);
  const cursor: Cursor = { lastEventId: options.lastEventId ?? "", reconnectionMs: undefined };
  let failures = 0;
  while (!isAborted(options.signal)) {
    yield { kind: "state", state: "connecting" };
    const outcome = yield* stream(address, cursor, options);
    if (isAborted(options.signal)) return;
    failures = outcome.opened ? 0 : failures + 1;
    const { reconnectionMs } = cursor;
    const delayMs = reconnectDelayMs({ reconnectionMs, failures, random: Math.random() });
    yield { kind: "state", state: "waiting", delayMs, reason: outcome.reason };
    await wait(delayMs, options.signal);
  }
}

/** What outlives a connection. */
interface Cursor {
  lastEventId: string;
  reconnectionMs: number | undefined;
}

interface Outcome {
  readonly opened: boolean;
  /** Why it ended, for people. */
  readonly reason: string;
}

/** One connection, from request to end. Failures of the network are its outcome, not errors. */
async function* stream(
  address: string,
  cursor: Cursor,
  options: SubscribeOptions,
): AsyncGenerator<ClientEvent, Outcome, undefined> {
  const opening = await open(address, cursor, options);
  if (opening.body === undefined) return { opened: false, reason: opening.reason };
  yield { kind: "state", state: "open" };
  const events: StreamEvent[] = [];
  const { lastEventId } = cursor;
  const reader = new EventStreamReader({ lastEventId, onEvent: (event) => events.push(event) });
  const bytes = opening.body.getReader();
  try {
    for (;;) {
      const chunk = await read(bytes);
      if (chunk.value === undefined) return { opened: true, reason: chunk.reason };
      reader.push(chunk.value);
      for (const event of events.splice(0)) {
        cursor.lastEventId = event.id;
        yield clientEvent(event);
      }
      // Last, so that a loop that is left amid a chunk has not moved past events that it did not see.
      cursor.lastEventId = reader.lastEventId;
      cursor.reconnectionMs = reader.reconnectionMs ?? cursor.reconnectionMs;
    }
  } finally {
    await bytes.cancel().catch(() => undefined);
  }
}

type Opening =
  | { readonly body: ReadableStream<Uint8Array> }
  | { readonly body: undefined; readonly reason: string };

async function open(address: string, cursor: Cursor, options: SubscribeOptions): Promise<Opening> {
  const response = await request(address, cursor, options);
  if (response instanceof Error) return { body: undefined, reason: reasonText(response) };
  if (isFinalStatus(response.status)) throw new StreamRefusedError(response.status, await reasonOf(response));
  const type = response.headers.get("content-type") ?? "";
  if (response.status === 200 && response.body !== null && /^text\/event-stream\b/i.test(type))
    return { body: response.body };
  await response.body?.cancel().catch(() => undefined);
  const what = response.status === 200 ? `content type ${JSON.stringify(type)}` : `status ${response.status}`;
  return { body: undefined, reason: `the server answered with ${what}` };
}

async function request(
  address: string,
  cursor: Cursor,
  options: SubscribeOptions,
): Promise<Response | Error> {
  const headers = new Headers(options.headers);
  headers.set("Accept", "text/event-stream");
  // Header values are bytes: an id beyond ASCII travels as the bytes of its UTF-8, as from a browser [HTML 9.2.3].
  if (cursor.lastEventId !== "") headers.set("Last-Event-ID", byteString(cursor.lastEventId));
  const init: RequestInit = { headers, cache: "no-store" };
  if (options.signal !== undefined) init.signal = options.signal;
  try {
    return await (options.fetch ?? fetch)(address, init);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

interface Chunk {
  readonly value?: Uint8Array | undefined;
  readonly reason: string;
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Chunk> {
  try {
    const { value } = await reader.read();
    return { value, reason: "the server ended the stream" };
  } catch (error) {
    return { reason: reasonText(error) };
  }
}

function clientEvent(event: StreamEvent): ClientEvent {
  if (event.type === gapEventType) return { kind: "gap", notice: parseGapNotice(event.data) };
  return { kind: "event", ...event };
}

/** A function, since the compiler would take a look at the flag for its value ever after. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function withFilters(url: string | URL, filters: readonly string[]): string {
  // A malformed URL throws here, once: as a failed request it would be tried for ever.
  const text = new Request(url).url.replace(/#.*$/s, "");
  const query = filters.map((filter) => `topic=${encodeURIComponent(filter)}`).join("&");
  return query === "" ? text : `${text}${text.includes("?") ? "&" : "?"}${query}`;
}

function byteString(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** Node's fetch says "fetch failed" and puts what happened into the cause. */
function reasonText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
