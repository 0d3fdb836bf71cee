import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Grants } from "../../auth/grants/grants.js";
import type { Matcher, Subscriber } from "../../presence/subscriber.js";

/**
 * The subscriber of a stream, as presence events describe it. Its id is random: a client cannot predict or choose the
 * id.
 */
export function presenceSubscriber(matchers: readonly Matcher[], grants: Grants | undefined): Subscriber {
  return {
    id: `urn:uuid:${randomUUID()}`,
    matchers,
    payloadFor: (matcher) => grants?.payloadFor(matcher),
  };
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
