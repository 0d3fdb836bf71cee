import type { Answer, Headers, Reply } from "../../../gateway/http/messages.js";
import { emptyReply } from "../../../gateway/http/replies.js";
import type { Handler } from "../../../gateway/http/resource.js";

/** What the module refuses, with its status and its words: clients of it look at both. */
const refusals = Object.freeze({
  "no-channel": [400, "No channel id provided."],
  "channel-too-long": [400, "Channel id is too large."],
  "channel-not-authorized": [403, "Channel id not authorized for this method."],
  "too-many-channels": [403, "Number of channels were exceeded."],
  "empty-message": [400, "Empty post requests are not allowed."],
  "unknown-channel": [404, undefined],
} as const satisfies Readonly<Record<string, readonly [status: number, words: string | undefined]>>);

export type ExplainedCode = keyof typeof refusals;

/** Where the words stand. */
export const explainHeader = "X-Nginx-PushStream-Explain";

/** A refusal in the module's own words. Everything else is refused as everywhere, with a problem. */
export class Explained extends Error {
  override readonly name = "Explained";
  readonly code: ExplainedCode;

  constructor(code: ExplainedCode) {
    super(refusals[code][1] ?? code);
    this.code = code;
  }

  get reply(): Reply {
    const [status, words] = refusals[this.code];
    const headers: Headers = words === undefined ? [] : [[explainHeader, words]];
    return { ...emptyReply(status, headers), contentLength: 0 };
  }
}

export function explain(code: ExplainedCode): Explained {
  return new Explained(code);
}

/** A handler whose refusals in the module's words become answers. */
export function explaining(handler: Handler): Handler {
  const caught = (error: unknown): Reply => {
    if (error instanceof Explained) return error.reply;
    throw error;
  };
  return (request): Answer | Promise<Answer> => {
    try {
      const answer = handler(request);
      return answer instanceof Promise ? answer.catch(caught) : answer;
    } catch (error) {
      return caught(error);
    }
  };
}
