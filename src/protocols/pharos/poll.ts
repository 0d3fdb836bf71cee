import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Page } from "../../hub/history-page.js";
import type { PollAnswer } from "../../delivery/polls/polls.js";
import { pollPath } from "../../protocol.js";
import type { GatewayRequest, Reply } from "../../gateway/http/messages.js";
import { pollFormat } from "./poll-format.js";
import type { PollAdmission } from "../../gateway/streams/poll-admission.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { parseQuery, valueOf } from "../../gateway/http/query.js";
import { readRights } from "../../gateway/access/read-rights.js";
import { bytesReply } from "../../gateway/http/replies.js";
import type { Resource } from "../../gateway/http/resource.js";
import { addedOf, filtersOf } from "../../gateway/streams/stream-query.js";
import { cursorOf, presentCursor } from "../../gateway/streams/cursor.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";

export interface PollResourceOptions {
  readonly streams: Pick<StreamSettings, "filtersPerConnection" | "filterBytes">;
  readonly authenticator: Authenticator;
  readonly polling: Pick<PollAdmission, "poll">;
}

/** The default wait. Proxies and load balancers close connections that are silent for 30 to 60 s. */
const defaultWaitSeconds = 25;
const maxWaitSeconds = 30;

/**
 * Long polling, for clients that cannot keep a stream open. `GET /poll` accepts the filters of `/esupdates`. The
 * response has the events after the position of the previous response. If there are no such events, the hub waits for
 * the next event.
 */
export function pollResource({ streams, authenticator, polling }: PollResourceOptions): Resource {
  const replyOf = pollReplies();
  const get = async (request: GatewayRequest): Promise<Reply> => {
    const query = parseQuery(request.query);
    const filters = filtersOf(query, streams);
    const waitMs = request.method === "HEAD" ? 0 : parseWaitMs(query);
    const grants = await authenticator.subscriber(request, query);
    const subscription = { format: pollFormat, filters, rights: readRights(grants) };
    const cursor = presentCursor(cursorOf(request));
    const added = addedOf(query, filters);
    return replyOf(await polling.poll(request, { subscription, cursor, added, waitMs, grants }));
  };
  return { path: pollPath, methods: { GET: get } };
}

function parseWaitMs(query: NameValuePairs): number {
  const text = valueOf(query, "wait") ?? String(defaultWaitSeconds);
  if (!/^\d{1,2}(\.\d{1,3})?$/.test(text) || Number(text) > maxWaitSeconds) {
    throw new PharosError(
      "bad-request",
      `wait must be a number of seconds, at most ${maxWaitSeconds}, not ${quoteValue(text)}`,
    );
  }
  return Number(text) * 1000;
}

/** Creates the responses. Polls that get the same page of events share the bytes of the page. */
function pollReplies(): (answer: PollAnswer) => Reply {
  const replies = new WeakMap<Page, Reply>();
  return (answer) => {
    const kept = replies.get(answer.page);
    if (kept !== undefined) return kept;
    const reply = bytesReply({
      status: 200,
      type: "application/json",
      body: encodeAnswer(answer),
      headers: [],
    });
    replies.set(answer.page, reply);
    return reply;
  };
}

function encodeAnswer({ page, position, more }: PollAnswer): Buffer {
  const items = page.body.subarray(0, Math.max(0, page.body.length - 1));
  return Buffer.concat([
    Buffer.from(`{"position":${JSON.stringify(position)},"events":[`),
    items,
    Buffer.from(more ? '],"more":true}\n' : "]}\n"),
  ]);
}
