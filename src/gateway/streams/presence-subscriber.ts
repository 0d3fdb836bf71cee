import { isDeepStrictEqual } from "node:util";
import type { Grants } from "../../auth/grants/grants.js";
import type { StreamStart } from "../http/messages.js";
import type { Presence } from "../../presence/presence.js";
import type { Matcher, Subscriber } from "../../presence/subscriber.js";

/** The part of presence that streams use. */
export type StreamPresence = Pick<Presence, "createSubscriberId" | "enter">;

/** The subscriber of a stream, as presence events describe it. */
export function presenceSubscriber(
  presence: Pick<StreamPresence, "createSubscriberId">,
  matchers: readonly Matcher[],
  grants: Grants | undefined,
): Subscriber {
  return {
    id: presence.createSubscriberId(),
    matchers,
    payloadFor: (matcher) => grants?.payloadFor(matcher),
  };
}

/** Reports a stream's subscriptions when the stream opens. Nothing if presence is off. */
export function reportOf(
  presence: StreamPresence | undefined,
  matchers: readonly Matcher[],
  grants: Grants | undefined,
): Pick<StreamStart, "opened"> {
  if (presence === undefined) return {};
  return { opened: () => presence.enter(presenceSubscriber(presence, matchers, grants)) };
}

/** True if a new token changes nothing for presence: the issuer, the subject and the payloads are the same. */
export function isSameSubscriber(
  before: Grants | undefined,
  after: Grants | undefined,
  matchers: readonly Matcher[],
): boolean {
  if (before?.subject !== after?.subject || before?.issuer !== after?.issuer) return false;
  return matchers.every(({ text }) => isDeepStrictEqual(before?.payloadFor(text), after?.payloadFor(text)));
}
