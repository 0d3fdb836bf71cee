import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Grants } from "../../auth/grants/grants.js";
import type { Matcher, Subscriber } from "../../presence/subscriber.js";

/** A stream as watchers of subscriptions see it, under a name that nobody can foretell or choose. */
export function presenceSubscriber(matchers: readonly Matcher[], grants: Grants | undefined): Subscriber {
  return {
    id: `urn:uuid:${randomUUID()}`,
    matchers,
    payloadFor: (matcher) => grants?.payloadFor(matcher),
  };
}

/** Whether both are one subscriber to those who watch these matchers: the same by name, with the same to be told. */
export function isSameSubscriber(
  before: Grants | undefined,
  after: Grants | undefined,
  matchers: readonly Matcher[],
): boolean {
  if (before?.subject !== after?.subject || before?.issuer !== after?.issuer) return false;
  return matchers.every(({ text }) => isDeepStrictEqual(before?.payloadFor(text), after?.payloadFor(text)));
}
