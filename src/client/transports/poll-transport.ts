import { requestUrl } from "./address.js";
import { wait } from "./wait.js";
import type { SendRequest } from "./event-stream-transport.js";
import type { Arrival } from "../messages/item.js";
import { objectFields, tryParseJson } from "../messages/json.js";
import { noStream } from "../messages/refusal.js";
import { endBy, withFirst, type ArrivalBatch, type OpenStream, type TransportRequest } from "./transport.js";
import { parseHubMessage } from "../messages/hub-message.js";

/**
 * The longest time until the hub answers a poll, in seconds. This time is shorter than the time-outs of common proxies.
 */
const waitSeconds = 25;

/**
 * The heartbeat interval of long polling, in milliseconds; each response counts as a heartbeat. The limit for silence
 * is two and a half intervals, the time of one and a half polls.
 */
const heartbeatMs = waitSeconds * 600;

/** The first words of cursors that only `/poll` knows. Other transports would report a gap for such a cursor. */
const pollOnly = /^#(opening|told),/;

/**
 * The wait before the next poll, in milliseconds, after an early response without events. The wait doubles each time.
 * The hub itself never answers early without events, but a cache or gateway between client and hub may.
 */
const emptyPauseMs = { first: 1000, longest: 30_000 };

/**
 * Opens long polling: one request after another, for networks that block streams. The hub answers the first poll at
 * once. Each later poll continues from the position of the previous response.
 *
 * @throws as `send`, or NoStreamError if the response is not from a hub
 */
export async function openPolls(
  address: string,
  request: TransportRequest,
  send: SendRequest,
): Promise<OpenStream> {
  const first = await poll({ address, request, send }, 0);
  let nextRequest = { ...request, added: [], lastEventId: first.cursor };
  let pauseMs: number = emptyPauseMs.first;
  const next = async (): Promise<ArrivalBatch> => {
    const sentAtMs = Date.now();
    const batch = await poll({ address, request: nextRequest, send }, waitSeconds);
    const leftMs = batch.cursor === nextRequest.lastEventId ? sentAtMs + pauseMs - Date.now() : 0;
    pauseMs = leftMs > 0 ? Math.min(emptyPauseMs.longest, pauseMs * 2) : emptyPauseMs.first;
    if (leftMs > 0) await wait(leftMs, request.signal);
    nextRequest = { ...nextRequest, lastEventId: batch.cursor };
    return batch;
  };
  return withFirst(first, () => next().catch(endBy));
}

interface Poll {
  readonly address: string;
  readonly request: TransportRequest;
  readonly send: SendRequest;
}

/** Sends one poll. The position is in the URL, so that caches do not treat two polls as the same request. */
async function poll(
  { address, request, send }: Poll,
  seconds: number,
): Promise<ArrivalBatch & { readonly cursor: string }> {
  const { lastEventId } = request;
  const position = lastEventId === "" ? {} : { last_event_id: lastEventId };
  const url = requestUrl(address, request, { ...position, wait: String(seconds) });
  const response = await send(url, { ...request, lastEventId: "" });
  const { position: cursor, events } = objectFields(tryParseJson(await response.text()));
  if (typeof cursor !== "string" || !Array.isArray(events))
    throw noStream("the response to a poll is not from a hub", "foreign");
  const arrivals: Arrival[] = [];
  for (const value of events) {
    const message = parseHubMessage(value, arrivals.at(-1)?.cursor ?? lastEventId);
    if (message.kind === "arrival") arrivals.push(message.arrival);
  }
  if (!pollOnly.test(cursor)) arrivals.push({ cursor });
  return { kind: "batch", arrivals, heartbeatMs, cursor };
}
