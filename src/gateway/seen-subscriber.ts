import { randomUUID } from "node:crypto";
import type { Grants } from "../auth/grants.js";
import type { Matcher, Subscriber } from "../presence/subscriber.js";

/** A stream as watchers of subscriptions see it, under a name that nobody can foretell or choose. */
export function seenSubscriber(matchers: readonly Matcher[], grants: Grants | undefined): Subscriber {
  return {
    id: `urn:uuid:${randomUUID()}`,
    matchers,
    payloadFor: (matcher) => grants?.payloadFor(matcher),
  };
}
