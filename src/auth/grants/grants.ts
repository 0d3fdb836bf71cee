import type { TopicFilter } from "../../hub/filters/filter.js";
import type { ManageRight } from "./manage-rights.js";

/** The rights that a verified token grants. */
export interface Grants {
  /** `current`: an access token with authorization details. `older`: a token with the `mercure` claim. */
  readonly form: "current" | "older";
  /** The token may publish to a topic that one of these filters matches. All topics of a publication must match. */
  readonly publish: readonly TopicFilter[];
  /** False if the token's claims do not mention publishing. */
  readonly mayPublish: boolean;
  /** The token may read a private publication if one of these filters matches one of its topics. */
  readonly subscribe: readonly TopicFilter[];
  /** The time when the token expires, in milliseconds since 1970. Undefined: never. */
  readonly expiresAtMs: number | undefined;
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** The name of the token (`jti`). @default it has none */
  readonly tokenId?: string | undefined;
  /** The time when the token was issued (`iat`), in milliseconds since 1970. @default unknown */
  readonly issuedAtMs?: number | undefined;
  /** The rights over the clients of the hub. @default none */
  readonly manage?: readonly ManageRight[] | undefined;
  /** The payload in this subscriber's presence events, for a subscription with this matcher. */
  payloadFor(matcher: string): unknown;
}

/**
 * The result of verifying a token. The reason is a sentence for the log and `pharos token check`; clients never see
 * the reason.
 */
export type Verdict =
  | { readonly ok: true; readonly grants: Grants }
  | { readonly ok: false; readonly reason: string };

/** Verifies tokens. The promises of a verifier never reject, even while the keys cannot be loaded. */
export interface TokenVerifier {
  verify(token: string): Promise<Verdict>;
}
