import { askedUrl } from "./address.js";
import { ask, type RequestSettings } from "./event-stream-transport.js";
import type { Arrival } from "./item.js";
import { fieldsOf } from "./json.js";
import {
  reasonText,
  StreamFailure,
  type Batch,
  type OpenStream,
  type StreamEnd,
  type StreamRequest,
  type Transport,
} from "./transport.js";
import { parseWord } from "./words.js";

/** How long the hub may wait for something to tell, in seconds: below what proxies wait for an answer. */
const waitSeconds = 25;

/** Long polls: one request after another, for networks that let nothing else through. */
export function pollTransport(address: string, settings: RequestSettings): Transport {
  const poll = async (request: StreamRequest, wait: number): Promise<Batch> => {
    const url = askedUrl(address, request, [["wait", String(wait)]]);
    const response = await ask(url, request, settings);
    const answer: unknown = await response.json().catch((error: unknown) => {
      throw new StreamFailure(reasonText(error));
    });
    return { kind: "batch", arrivals: arrivalsOf(answer, request.lastEventId) };
  };
  return { name: "poll", open: async (request) => pollOn(poll, request, await poll(request, 0)) };
}

/** The first answer comes at once, and is the beginning; each further one is asked for from where the last one ended. */
function pollOn(
  poll: (request: StreamRequest, wait: number) => Promise<Batch>,
  request: StreamRequest,
  first: Batch,
): OpenStream {
  let { lastEventId } = request;
  let begun: Batch | undefined = first;
  const next = async (): Promise<Batch> => {
    const batch = begun ?? (await poll({ ...request, added: [], lastEventId }, waitSeconds));
    begun = undefined;
    lastEventId = batch.arrivals.at(-1)?.cursor ?? lastEventId;
    return batch;
  };
  return {
    next: () => next().catch((error: unknown): StreamEnd => ({ kind: "end", reason: reasonText(error) })),
  };
}

function arrivalsOf(answer: unknown, lastEventId: string): readonly Arrival[] {
  const { position, events } = fieldsOf(answer);
  const arrivals: Arrival[] = [];
  for (const value of Array.isArray(events) ? events : []) {
    const word = parseWord(value, arrivals.at(-1)?.cursor ?? lastEventId);
    if (word.kind === "arrival") arrivals.push(word.arrival);
  }
  if (typeof position === "string") arrivals.push({ cursor: position });
  return arrivals;
}
