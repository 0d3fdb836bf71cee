import type { Grants } from "../auth/grants.js";
import type { Subscription } from "../hub/cohort.js";
import { encodeComment, encodeRetry } from "../sse/encode.js";
import type { Presence } from "../presence/presence.js";
import type { Matcher } from "../presence/subscriber.js";
import type { Headers, StreamStart } from "./messages.js";
import { seenSubscriber } from "./seen-subscriber.js";

/** What all streams have in common. */
export interface StreamSettings {
  /** The reconnection time that each stream tells its client, in milliseconds. */
  readonly retryMs: number;
  readonly filtersPerConnection: number;
  readonly filterBytes: number;
  /** Who tells others of subscriptions. @default nobody */
  readonly presence?: Pick<Presence, "enter"> | undefined;
}

export interface StreamRequest {
  readonly subscription: Subscription;
  /** Its filters in the subscriber's words. */
  readonly matchers: readonly Matcher[];
  /** What the subscriber's token allows; undefined without one. The stream ends with it. */
  readonly grants: Grants | undefined;
  readonly lastEventId: string | undefined;
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
export function startStream(settings: StreamSettings, request: StreamRequest): StreamStart {
  const { subscription, matchers, grants, lastEventId, headers = [], beginning = Buffer.alloc(0) } = request;
  const { presence, retryMs } = settings;
  const topics = JSON.stringify(subscription.filters.map((filter) => filter.text));
  return {
    kind: "stream",
    headers: [...new Map([...streamHeaders, ...headers])],
    opening: Buffer.concat([beginning, encodeComment(`pharos, topics ${topics}`), encodeRetry(retryMs)]),
    subscription,
    lastEventId,
    expiresAtMs: grants?.expiresAtMs,
    ...(presence === undefined ? {} : { opened: () => presence.enter(seenSubscriber(matchers, grants)) }),
  };
}
