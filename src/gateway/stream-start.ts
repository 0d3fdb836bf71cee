import type { Subscription } from "../hub/cohort.js";
import { encodeComment, encodeRetry } from "../sse/encode.js";
import type { Headers, StreamStart } from "./messages.js";

/** What all streams have in common. */
export interface StreamSettings {
  /** The reconnection time that each stream tells its client, in milliseconds. */
  readonly retryMs: number;
  readonly filtersPerConnection: number;
  readonly filterBytes: number;
}

export interface StreamRequest {
  readonly subscription: Subscription;
  readonly lastEventId: string | undefined;
  /** Beside those of every stream; one of the same name takes the other's place. */
  readonly headers?: Headers;
  /** The bytes in front of everything else. @default none */
  readonly beginning?: Buffer;
  readonly expiresAtMs?: number | undefined;
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
  const { subscription, lastEventId, headers = [], beginning = Buffer.alloc(0) } = request;
  const topics = JSON.stringify(subscription.filters.map((filter) => filter.text));
  return {
    kind: "stream",
    headers: [...new Map([...streamHeaders, ...headers])],
    opening: Buffer.concat([
      beginning,
      encodeComment(`pharos, topics ${topics}`),
      encodeRetry(settings.retryMs),
    ]),
    subscription,
    lastEventId,
    expiresAtMs: request.expiresAtMs,
  };
}
