import { turnEnd, type Clock } from "../../base/clock.js";
import type { Grants } from "../../auth/grants/grants.js";
import { PharosError } from "../../base/errors.js";
import type { Subscription } from "../../hub/cohort.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import type { Format } from "../../hub/publications/format.js";
import { isNothing } from "../../hub/publications/history.js";
import type { History, HistoryRange } from "../../hub/publications/history.js";
import { parseForm, parseFormBytes, readForm } from "../../gateway/http/form.js";
import { parseMatchers } from "./matchers.js";
import type { MatcherOptions, Matchers } from "./matchers.js";
import {
  mercureEventsOnlyFormat,
  mercureFormat,
  olderMercureEventsOnlyFormat,
  olderMercureFormat,
} from "./formats.js";
import type { GatewayRequest, Headers, StreamStart } from "../../gateway/http/messages.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { readRights } from "../../gateway/access/read-rights.js";
import type { Handler } from "../../gateway/http/resource.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { addedOf } from "../../gateway/streams/stream-query.js";
import { startStream } from "../../gateway/streams/stream-start.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import { cursorOf, presentCursor } from "../../gateway/streams/cursor.js";
import { wantsPositions } from "../../gateway/streams/positions.js";
import type { Authenticator } from "../../gateway/access/authenticator.js";

export interface MercureSubscribeOptions {
  readonly streams: StreamSettings;
  /** The hub's own URL. */
  readonly hubUrl: string;
  readonly authenticator: Authenticator;
  readonly history: Pick<History, "locate" | "losses" | "head" | "idAt">;
  readonly clock: Pick<Clock, "endOfTurn" | "monotonic">;
}

/**
 * Opens streams of the Mercure protocol, in its current form and in the older form, which is widely deployed. As in
 * the hub's other streams, `added` names the new matchers of a resuming client.
 */
export function mercureSubscribe(options: MercureSubscribeOptions): Handler {
  const { streams, hubUrl, authenticator } = options;
  const matcherOptions: MatcherOptions = {
    hubUrl,
    limits: streams,
    turnBudget: new TurnBudget(options.clock),
  };
  const subscribe = (request: GatewayRequest, body: NameValuePairs): StreamStart | Promise<StreamStart> => {
    const query = parseForm(request.query);
    // The query is in front of the body, so the query has precedence for parameters that are used only once.
    const pairs = [...query, ...body];
    const open = (matchers: Matchers): StreamStart | Promise<StreamStart> => {
      const cursor = cursorOf(request, body);
      const positions = wantsPositions(request, pairs);
      const added = addedOf(pairs, matchers.filters);
      const grants = authenticator.subscriber(request, matchers.form === "older" ? query : undefined);
      const begin = (granted: Grants | undefined): StreamStart | Promise<StreamStart> =>
        start(options, { request, matchers, positions, cursor, added, grants: granted });
      return grants === undefined ? begin(undefined) : grants.then(begin);
    };
    const matchers = parseMatchers(pairs, matcherOptions);
    return matchers instanceof Promise ? matchers.then(open) : open(matchers);
  };
  return (request) => {
    if (request.method !== "QUERY") return subscribe(request, []);
    return readForm(request).then((body) => {
      checkBody(body, streams);
      return subscribe(request, parseFormBytes(body));
    });
  };
}

/** The number of parameters that a body may have in addition to its matchers. The hub ignores unknown parameters. */
const otherParameters = 100;

/**
 * Checks the size of a body before the body is parsed. Any client may send a body, and decoding 1 MiB needs up to 20
 * ms.
 *
 * @throws PharosError `too-large`, or `bad-request` for too many parameters
 */
function checkBody(body: Buffer, { filtersPerConnection, filterBytes }: StreamSettings): void {
  const most = filtersPerConnection + otherParameters;
  // Clients may write each byte as a percent escape of three bytes.
  const mostBytes = most * 3 * filterBytes;
  if (body.length > mostBytes) {
    throw new PharosError(
      "too-large",
      `the body of a subscription may have at most ${mostBytes} bytes, not ${body.length}`,
    );
  }
  if (body.toString("latin1").split("&", most + 1).length > most) {
    throw new PharosError("bad-request", `a subscription may have at most ${most} parameters in its body`);
  }
}

interface Dialect {
  readonly format: Format;
  /** The format for clients that do not read positions. */
  readonly eventsOnly: Format;
  readonly headers: Headers;
  readonly firstBytes: Buffer;
}

/** The streams of both forms. A stream of the older form has the headers and the first line that older hubs send. */
const dialects: Readonly<Record<Matchers["form"], Dialect>> = Object.freeze({
  current: {
    format: mercureFormat,
    eventsOnly: mercureEventsOnlyFormat,
    headers: [],
    firstBytes: Buffer.alloc(0),
  },
  older: {
    format: olderMercureFormat,
    eventsOnly: olderMercureEventsOnlyFormat,
    headers: [["Cache-Control", "private, no-cache, no-store, no-transform, must-revalidate, max-age=0"]],
    firstBytes: Buffer.from(":\n"),
  },
});

interface Subscriber {
  readonly request: GatewayRequest;
  readonly matchers: Matchers;
  /** True if the stream has positions. */
  readonly positions: boolean;
  /** Empty if the request has an empty cursor. */
  readonly cursor: string | undefined;
  /** The filters that are new in this request of a resuming client. */
  readonly added: readonly TopicFilter[];
  readonly grants: Grants | undefined;
}

function start(options: MercureSubscribeOptions, subscriber: Subscriber): StreamStart | Promise<StreamStart> {
  const { request, matchers, positions, cursor, added, grants } = subscriber;
  const { form, filters } = matchers;
  const { format, eventsOnly, headers, firstBytes } = dialects[form];
  const subscription = { format: positions ? format : eventsOnly, filters, rights: readRights(grants) };
  const lastEventId = presentCursor(cursor);
  const open = (resume: Headers): StreamStart =>
    startStream(options.streams, {
      subscription,
      acceptEncoding: request.header("accept-encoding"),
      accept: request.header("accept"),
      matchers: matchers.matchers,
      grants,
      lastEventId,
      added,
      firstBytes,
      headers: [...headers, ...resume],
    });
  const { history } = options;
  if (cursor === undefined) return open(headersWith(history.idAt(history.head)));
  return resumeHeaders(options, subscription, lastEventId).then(open);
}

/** The response headers with the position of the stream, for clients of the current and of the older form. */
function headersWith(id: string): Headers {
  return [
    ["Mercure-Last-Event-ID", id],
    ["Last-Event-ID", id],
  ];
}

/**
 * The headers that say where the stream resumes [draft-dunglas-mercure-08 l.951-968]: after the requested event, or
 * at `earliest`. `earliest` means that the requested id is empty or unknown, or that later events were lost. The
 * client then has to load its state again. A known id is safe in a header: the hub has accepted it in a publication.
 */
async function resumeHeaders(
  options: Pick<MercureSubscribeOptions, "history" | "clock">,
  { filters, rights }: Subscription,
  lastEventId = "",
): Promise<Headers> {
  const { history } = options;
  const cursor = history.locate(lastEventId, rights);
  const resumes =
    cursor.kind === "at" &&
    (await isWhole(options, { filters, rights, after: cursor.offset, upTo: history.head }));
  const id = resumes ? asHeaderText(lastEventId) : "earliest";
  return headersWith(id);
}

/** True if no publication of the range is lost. With 100,000 topics the check may need many turns of the event loop. */
async function isWhole(
  { history, clock }: Pick<MercureSubscribeOptions, "history" | "clock">,
  range: HistoryRange,
): Promise<boolean> {
  for (let mark = 0; ;) {
    const losses = history.losses(range, mark);
    if (!isNothing(losses) || losses.isComplete) return isNothing(losses);
    mark = losses.asOf;
    await turnEnd(clock);
  }
}

/** Converts text for a header. Node writes headers as Latin-1, so each byte of the UTF-8 text becomes one character. */
function asHeaderText(text: string): string {
  return Buffer.from(text).toString("latin1");
}
