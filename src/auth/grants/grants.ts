import type { TopicFilter } from "../../hub/filters/filter.js";

/** What a verified token allows. */
export interface Grants {
  /** `current` is an access token with authorization details, `older` one with the `mercure` claim. */
  readonly form: "current" | "older";
  /** A publication may be made when each of its topics is matched by one of these. */
  readonly publish: readonly TopicFilter[];
  /** False where the token says nothing of publishing. */
  readonly mayPublish: boolean;
  /** A private publication may be read when one of its topics is matched by one of these. */
  readonly subscribe: readonly TopicFilter[];
  /** When it ends, in milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** What watchers of subscriptions are told of this subscriber, given a subscription's matcher. */
  payloadFor(matcher: string): unknown;
}

/** Whether a token is accepted. The reason is in words, for the log and `pharos token check`; clients never see it. */
export type Verdict =
  | { readonly ok: true; readonly grants: Grants }
  | { readonly ok: false; readonly reason: string };

/** Verifies tokens. Resolves for every text, also while keys cannot be had. */
export interface TokenVerifier {
  verify(token: string): Promise<Verdict>;
}
