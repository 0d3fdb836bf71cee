import type { Grants } from "../../auth/grants/grants.js";
import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { Subscription } from "../../hub/cohort.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { encodeComment, encodeRetry } from "../../sse/encode.js";
import type { Matcher } from "../../presence/subscriber.js";
import { acceptsCoding } from "../http/accept-encoding.js";
import { contentCodings } from "../formats/codings.js";
import { asksForEventStream } from "../http/media-type.js";
import type { ContentCoding } from "../formats/content-coding.js";
import type { Headers, StreamStart } from "../http/messages.js";
import { reportOf } from "./presence-subscriber.js";
import type { StreamPresence } from "./presence-subscriber.js";

/** The settings of all streams. Read each field at each use, because a reload changes the fields. */
export interface StreamSettings {
  /** The time that one client waits before it reconnects, in milliseconds. Each stream sends a time of its own. */
  readonly retryMs: () => number;
  readonly filtersPerConnection: number;
  readonly filterBytes: number;
  /** After this many milliseconds without an event, the hub sends a heartbeat on a stream. */
  readonly heartbeatMs: number;
  /** Reports active subscriptions to other clients. @default none */
  readonly presence?: StreamPresence | undefined;
  /**
   * The streams to compress for clients that accept it: `none`, `public` for streams without a token, or `all`.
   * Compression can leak secrets to an eavesdropper, who sees the length of the output. The more of a secret an
   * attacker's publication repeats, the shorter the compressed output.
   * @default none
   */
  readonly compress?: "none" | "public" | "all";
}

export interface StreamStartRequest {
  /** The subscription without its coding; {@link startStream} adds the coding. */
  readonly subscription: Omit<Subscription, "coding">;
  /** The value of the request's `Accept-Encoding` header. */
  readonly acceptEncoding: string | undefined;
  /**
   * The value of the request's `Accept` header. Only a client that asks for an event stream gets it compressed: some HTTP
   * libraries accept gzip by default, but output nothing before the end of the response.
   */
  readonly accept: string | undefined;
  /** The filters as the subscriber wrote them. */
  readonly matchers: readonly Matcher[];
  /** The rights of the subscriber's token; undefined without a token. The stream ends when the token expires. */
  readonly grants: Grants | undefined;
  readonly lastEventId: string | undefined;
  /** The filters that are new in the request of a resuming subscriber. @default none */
  readonly added?: readonly TopicFilter[];
  /** Additional headers. An additional header replaces the default header of the same name. */
  readonly headers?: Headers;
  /** The first bytes of the stream. @default none */
  readonly firstBytes?: Buffer;
}

/** Headers that make proxies pass each event on at once. */
export const unbufferedHeaders: Headers = [
  // Without this header, nginx holds events back until a buffer is full.
  ["X-Accel-Buffering", "no"],
  // lighttpd 1.4.83 and newer obey this header [draft-ietf-httpbis-incremental].
  ["Incremental", "?1"],
];

/** The headers of every stream. The first four are the same as in the Mongrel2 example from 2011. */
const streamHeaders: Headers = [
  ["Content-Type", "text/event-stream"],
  ["Expires", "Fri, 01 Jan 1990 00:00:00 GMT"],
  ["Cache-Control", "no-cache, no-store, no-transform, max-age=0, must-revalidate"],
  ["Pragma", "no-cache"],
  ...unbufferedHeaders,
  ["X-Content-Type-Options", "nosniff"],
];

/** Starts an event stream. The first comment of the stream lists the filters as the hub parsed them. */
export function startStream(settings: StreamSettings, request: StreamStartRequest): StreamStart {
  const { subscription, matchers, grants, lastEventId, added, headers = [] } = request;
  const coding = codingFor(settings, request);
  return {
    kind: "stream",
    headers: [...new Map([...streamHeaders, ...codingHeaders(settings, coding), ...headers])],
    opening: codedOpening(openingText(settings, request), coding),
    ticket: new LocalTicket({ subscription: { ...subscription, coding }, lastEventId, added }),
    expiresAtMs: grants?.expiresAtMs,
    grants: () => grants,
    ...reportOf(settings.presence, matchers, grants),
  };
}

function openingText({ retryMs }: StreamSettings, { subscription, firstBytes }: StreamStartRequest): Buffer {
  const topics = JSON.stringify(subscription.filters.map((filter) => filter.text));
  return Buffer.concat([
    firstBytes ?? Buffer.alloc(0),
    encodeComment(`pharos, topics ${topics}`),
    encodeRetry(retryMs()),
  ]);
}

function codingFor(
  { compress = "none" }: StreamSettings,
  { grants, accept, acceptEncoding }: StreamStartRequest,
): ContentCoding | undefined {
  if (compress === "none" || (compress === "public" && grants !== undefined)) return undefined;
  if (!asksForEventStream(accept)) return undefined;
  return contentCodings.find(({ name }) => acceptsCoding(acceptEncoding, name));
}

/**
 * The headers for a coding. A response without a coding needs `Vary` too: caches must store both forms separately
 * [RFC 9110 12.5.5].
 */
function codingHeaders({ compress = "none" }: StreamSettings, coding: ContentCoding | undefined): Headers {
  if (compress === "none") return [];
  const vary = ["Vary", "Accept-Encoding"] as const;
  return coding === undefined ? [vary] : [["Content-Encoding", coding.name], vary];
}

function codedOpening(text: Buffer, coding: ContentCoding | undefined): Buffer {
  return coding === undefined ? text : Buffer.concat([coding.header, coding.encode(text, 1)]);
}
