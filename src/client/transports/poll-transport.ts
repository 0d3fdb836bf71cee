import { askedUrl } from "./address.js";
import { wait } from "./wait.js";
import type { AskedWith, RequestSettings } from "./event-stream-transport.js";
import type { Arrival } from "../messages/item.js";
import { objectFields } from "../messages/json.js";
import {
  reasonText,
  type ArrivalBatch,
  type OpenStream,
  type StreamEnd,
  type TransportRequest,
} from "./transport.js";
import { parseHubMessage } from "../messages/hub-message.js";

/** How long the hub may wait for something to tell, in seconds: below what proxies wait for an answer. */
const waitSeconds = 25;

/** An answer is as good as a heartbeat; its time and half of it again are what three heartbeats are of a stream. */
const heartbeatMs = (waitSeconds * 1000) / 2;

/**
 * How soon after one that was answered at once, with nothing new, the next poll is asked, in milliseconds: each time after twice
 * as long. The hub waits before it says so; a cache or a gateway in between may not.
 */
const hastyPauseMs = { first: 1000, longest: 30_000 };

/** How polls are asked for: by the function of the file that all pages load, whose errors are known there. */
export interface Asking {
  readonly ask: (url: string, asked: AskedWith, settings: RequestSettings) => Promise<Response>;
  readonly settings: RequestSettings;
}

/**
 * Opens long polls: one request after another, for networks that let nothing else through. The first answer comes at once,
 * and is the beginning; each further one is asked for from where the last one ended.
 *
 * @throws what `ask` does, or Error for an answer that is not the hub's
 */
export async function openPolls(
  address: string,
  request: TransportRequest,
  asking: Asking,
): Promise<OpenStream> {
  const first = await poll({ address, request, asking }, 0);
  let asked = { ...request, added: [], lastEventId: first.cursor };
  let begun: ArrivalBatch | undefined = first;
  let pauseMs: number = hastyPauseMs.first;
  const next = async (): Promise<ArrivalBatch> => {
    const sinceMs = Date.now();
    const answer = await poll({ address, request: asked, asking }, waitSeconds);
    const leftMs = answer.cursor === asked.lastEventId ? sinceMs + pauseMs - Date.now() : 0;
    pauseMs = leftMs > 0 ? Math.min(hastyPauseMs.longest, pauseMs * 2) : hastyPauseMs.first;
    if (leftMs > 0) await wait(leftMs, request.signal);
    asked = { ...asked, lastEventId: answer.cursor };
    return answer;
  };
  const ended = (error: unknown): StreamEnd => ({ kind: "end", reason: reasonText(error) });
  return {
    next: async () => {
      const batch = begun;
      begun = undefined;
      return batch ?? next().catch(ended);
    },
  };
}

interface Poll {
  readonly address: string;
  readonly request: TransportRequest;
  readonly asking: Asking;
}

/** The place is said in the URL, so that nothing in between takes two polls for one. */
async function poll(
  { address, request, asking: { ask, settings } }: Poll,
  seconds: number,
): Promise<ArrivalBatch & { readonly cursor: string }> {
  const { lastEventId } = request;
  const place = lastEventId === "" ? {} : { last_event_id: lastEventId };
  const url = askedUrl(address, request, { ...place, wait: String(seconds) });
  const response = await ask(url, { ...request, lastEventId: "" }, settings);
  const { position, events } = objectFields(await response.json());
  if (typeof position !== "string" || !Array.isArray(events))
    throw new Error("the answer to a poll is not the hub's");
  const arrivals: Arrival[] = [];
  for (const value of events) {
    const word = parseHubMessage(value, arrivals.at(-1)?.cursor ?? lastEventId);
    if (word.kind === "arrival") arrivals.push(word.arrival);
  }
  arrivals.push({ cursor: position });
  return { kind: "batch", arrivals, heartbeatMs, cursor: position };
}
