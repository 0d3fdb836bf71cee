import { notModifiedReply } from "../../gateway/http/replies.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Headers, Reply } from "../../gateway/http/messages.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import { valueOf } from "../../gateway/http/query.js";
import type { GapReason } from "../../protocol.js";
import { isCursor } from "./channels/control.js";
import type { DeletedChannel } from "./messages/message.js";
import type { PushStreamFormats } from "./messages/formats.js";
import type { PushStreamOptions } from "./options.js";
import type { Stamp } from "./messages/stamps.js";
import { formatTime } from "./messages/stamps.js";
import type { PollMode, ChannelSubscriber } from "./channels/subscriber.js";

/**
 * The longest wait of a poll, in milliseconds. The client library gives up after 32 s. The library treats an empty
 * script that arrives before 15 s as an error.
 */
const waitMs = 25_000;

/** The response header that reports a gap. The module's messages have no field for a gap. */
const gapHeader = "X-Pharos-Gap";

const callbackForm = /^[A-Za-z_$][\w$.]{0,127}$/;

/** The messages of a response, and the stamp for the client's next request. */
interface Messages {
  readonly body: Buffer;
  readonly stamp: Stamp;
  readonly gapReason?: GapReason | undefined;
}

/** Answers polls with messages as text, or with a script that calls a function. */
export class LongPoll {
  readonly #options: PushStreamOptions;
  readonly #formats: PushStreamFormats;

  constructor(options: PushStreamOptions, formats: PushStreamFormats) {
    this.#options = options;
    this.#formats = formats;
  }

  /** @throws PharosError `bad-request` if the callback is not a valid function name */
  async answer(subscriber: ChannelSubscriber, mode: PollMode): Promise<Reply> {
    const callback = mode === "jsonp" ? parseCallback(subscriber.query) : undefined;
    const { start, control, positions, request } = subscriber;
    const { before } = start;
    const mayWait = mode !== "polling" && request.method !== "HEAD";
    // Without a position, the client would miss the messages between the end of its first poll and its next one.
    const { polledPosition } = this.#formats;
    if (polledPosition !== undefined && before.length === 0 && mayWait && positions && !isCursor(control))
      return ok(this.#present(polledPosition), callback);
    const messages = before.length > 0 ? this.#backtrack(subscriber) : await this.#next(subscriber, mayWait);
    if (messages.body.length > 0) return ok(messages, callback);
    // After a gap, the client's own stamp would lead to a gap again.
    const isNew = mayWait || messages.gapReason !== undefined;
    const { stamp } = isNew ? messages : { stamp: control.stamp ?? messages.stamp };
    return notModifiedReply(headersOf({ ...messages, stamp }));
  }

  #present(position: (stamp: Stamp) => Buffer): Messages {
    const { history, stamps } = this.#options;
    const stamp = stamps.of(history.head);
    return { body: position(stamp), stamp };
  }

  #backtrack({ start, subscription }: ChannelSubscriber): Messages {
    const { history, stamps } = this.#options;
    const body = Buffer.concat(start.before.map((entry) => subscription.format.event(entry)));
    return { body, stamp: stamps.of(history.head) };
  }

  async #next(subscriber: ChannelSubscriber, mayWait: boolean): Promise<Messages> {
    const { request, subscription, start, grants, channels } = subscriber;
    const { polling, stamps, deletions } = this.#options;
    const ended = new AbortController();
    let deleted: DeletedChannel | undefined;
    const leave = deletions.subscribers.add(
      channels.map(({ channel }) => channel),
      (channel) => {
        deleted = channel;
        ended.abort();
      },
    );
    try {
      const { page } = await polling.poll(request, {
        subscription,
        cursor: start.lastEventId,
        waitMs: mayWait ? waitMs : 0,
        grants,
        signal: ended.signal,
      });
      const { next, body, gapReason } = page;
      const stamp = stamps.of(next.after);
      return {
        body: deleted === undefined ? body : this.#formats.polledDeletion(deleted, stamp),
        stamp,
        gapReason,
      };
    } finally {
      leave();
    }
  }
}

/**
 * Parses the name of the callback. The page that loads the response runs this text as a script, so only names are
 * allowed.
 */
function parseCallback(query: NameValuePairs): string {
  const name = valueOf(query, "callback") ?? "";
  if (callbackForm.test(name)) return name;
  throw new PharosError(
    "bad-request",
    `the callback must be a name of 1 to 128 characters (letters, digits, _, $ or a dot; the first must be a letter, _ or $), not ${quoteValue(name)}`,
  );
}

function ok(messages: Messages, callback: string | undefined): Reply {
  const type = callback === undefined ? "text/plain; charset=utf-8" : "application/javascript; charset=utf-8";
  const body = callback === undefined ? messages.body : script(callback, messages.body);
  return {
    kind: "reply",
    status: 200,
    headers: [["Content-Type", type], ...headersOf(messages)],
    contentLength: body.length,
    body,
  };
}

function script(callback: string, body: Buffer): Buffer {
  const messages = body.toString().trimEnd().split("\r\n").join(",");
  return Buffer.from(`${callback}([${messages}]);`);
}

function headersOf({ stamp, gapReason }: Messages): Headers {
  return [
    ["Last-Modified", formatTime(stamp.time)],
    ["Etag", `W/${stamp.tag}`],
    ["Expires", "Thu, 01 Jan 1970 00:00:01 GMT"],
    ["Cache-Control", "no-cache, no-store, must-revalidate"],
    ["X-Content-Type-Options", "nosniff"],
    ...(gapReason === undefined ? [] : [[gapHeader, gapReason] as const]),
  ];
}
