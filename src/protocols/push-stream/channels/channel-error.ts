import { PharosError } from "../../../base/errors.js";
import type { ErrorCode } from "../../../base/errors.js";
import type { Reply } from "../../../gateway/http/messages.js";
import type { Refusal } from "../../../gateway/http/refusal.js";
import { emptyReply } from "../../../gateway/http/replies.js";

/** The errors of the module: the hub's error code, and the text that clients compare. */
const explanations = Object.freeze({
  "no-channel": ["bad-request", "No channel id provided."],
  "channel-too-long": ["bad-topic", "Channel id is too large."],
  "channel-not-authorized": ["forbidden", "Channel id not authorized for this method."],
  "too-many-channels": ["forbidden", "Number of channels were exceeded."],
  "empty-message": ["bad-publication", "Empty post requests are not allowed."],
  "unknown-channel": ["not-found", undefined],
} as const satisfies Readonly<Record<string, readonly [code: ErrorCode, text: string | undefined]>>);

export type ChannelErrorCode = keyof typeof explanations;

/** The response header with the text. */
export const explainHeader = "X-Nginx-PushStream-Explain";

/** An error with the module's own text. The hub sends all other errors as problem details. */
export class ChannelError extends PharosError {
  readonly channelCode: ChannelErrorCode;

  constructor(channelCode: ChannelErrorCode) {
    const [code, text] = explanations[channelCode];
    super(code, text ?? channelCode);
    this.channelCode = channelCode;
  }
}

/** Renders a {@link ChannelError} as the module does: a status, no body, and the text in a header. */
export function renderChannelError({ status, cause }: Refusal): Reply | undefined {
  if (!(cause instanceof ChannelError)) return undefined;
  const [, text] = explanations[cause.channelCode];
  return { ...emptyReply(status, text === undefined ? [] : [[explainHeader, text]]), contentLength: 0 };
}
