import type { Grants } from "../../auth/grants/grants.js";
import { LocalTicket } from "../../delivery/joining/local-ticket.js";
import type { Subscription } from "../../hub/cohort.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { encodeComment, encodeRetry } from "../../sse/encode.js";
import type { Presence } from "../../presence/presence.js";
import type { Matcher } from "../../presence/subscriber.js";
import { acceptsCoding } from "../http/accept-encoding.js";
import { codings } from "../formats/codings.js";
import type { ContentCoding } from "../formats/content-coding.js";
import type { Headers, StreamStart } from "../http/messages.js";
import { presenceSubscriber } from "./presence-subscriber.js";

/** What all streams have in common. */
export interface StreamSettings {
  /** The reconnection time that each stream tells its client, in milliseconds. */
  readonly retryMs: number;
  readonly filtersPerConnection: number;
  readonly filterBytes: number;
  /** After how long a quiet stream gets a heartbeat, in milliseconds. */
  readonly heartbeatMs: number;
  /** Who tells others of subscriptions. @default nobody */
  readonly presence?: Pick<Presence, "enter"> | undefined;
  /**
   * Which streams are compressed for clients that accept it: none, those without a token, or all. What a stranger has
   * published shrinks the more, the more of a secret beside it it guesses, and an eavesdropper sees the length.
   * @default none
   */
  readonly compress?: "none" | "public" | "all";
}

export interface StreamStartRequest {
  /** All of it but the coding. */
  readonly subscription: Omit<Subscription, "coding">;
  /** The request's `Accept-Encoding`. */
  readonly acceptEncoding: string | undefined;
  /** Its filters in the subscriber's words. */
  readonly matchers: readonly Matcher[];
  /** What the subscriber's token allows; undefined without one. The stream ends with it. */
  readonly grants: Grants | undefined;
  readonly lastEventId: string | undefined;
  /** Filters that the subscriber did not have before, where it comes back. @default none */
  readonly added?: readonly TopicFilter[];
  /** Beside those of every stream; one of the same name takes the other's place. */
  readonly headers?: Headers;
  /** The bytes in front of everything else. @default none */
  readonly beginning?: Buffer;
}

/** The head of every stream; the first four lines are those of the example of 2011. */
const streamHeaders: Headers = [
  ["Content-Type", "text/event-stream"],
  ["Expires", "Fri, 01 Jan 1990 00:00:00 GMT"],
  ["Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"],
  ["Pragma", "no-cache"],
  // nginx would hold events back until a buffer is full.
  ["X-Accel-Buffering", "no"],
  ["X-Content-Type-Options", "nosniff"],
];

/** The cursor that counts; an empty one is none: so browsers and some libraries say that they have no id yet. */
export function firstPresent(cursors: readonly (string | undefined)[]): string | undefined {
  return cursors.find((cursor) => cursor !== undefined && cursor !== "");
}

/** A stream whose opening names its filters as they were understood. */
export function startStream(settings: StreamSettings, request: StreamStartRequest): StreamStart {
  const { subscription, matchers, grants, lastEventId, added, headers = [] } = request;
  const { presence } = settings;
  const coding = codingFor(settings, request);
  return {
    kind: "stream",
    headers: [...new Map([...streamHeaders, ...codingHeaders(settings, coding), ...headers])],
    opening: codedOpening(openingText(settings, request), coding),
    ticket: new LocalTicket({ subscription: { ...subscription, coding }, lastEventId, added }),
    expiresAtMs: grants?.expiresAtMs,
    ...(presence === undefined ? {} : { opened: () => presence.enter(presenceSubscriber(matchers, grants)) }),
  };
}

function openingText({ retryMs }: StreamSettings, { subscription, beginning }: StreamStartRequest): Buffer {
  const topics = JSON.stringify(subscription.filters.map((filter) => filter.text));
  return Buffer.concat([
    beginning ?? Buffer.alloc(0),
    encodeComment(`pharos, topics ${topics}`),
    encodeRetry(retryMs),
  ]);
}

function codingFor(
  { compress = "none" }: StreamSettings,
  { grants, acceptEncoding }: StreamStartRequest,
): ContentCoding | undefined {
  if (compress === "none" || (compress === "public" && grants !== undefined)) return undefined;
  return [...codings.values()].find(({ name }) => acceptsCoding(acceptEncoding, name));
}

/** A cache between here and the client would have to keep both forms apart, whichever this one is [RFC 9110 12.5.5]. */
function codingHeaders({ compress = "none" }: StreamSettings, coding: ContentCoding | undefined): Headers {
  if (compress === "none") return [];
  const vary = ["Vary", "Accept-Encoding"] as const;
  return coding === undefined ? [vary] : [["Content-Encoding", coding.name], vary];
}

function codedOpening(text: Buffer, coding: ContentCoding | undefined): Buffer {
  return coding === undefined ? text : Buffer.concat([coding.beginning, coding.encode(text, 1)]);
}
