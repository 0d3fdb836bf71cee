import type { KeyObject } from "node:crypto";
import { SignJWT } from "jose";

export const hubUrl = "https://hub.example/.well-known/mercure";
export const issuer = "https://issuer.example";
export const secret = "a secret of these tests, with more than 32 bytes";

export interface TokenOptions {
  /** @default none */
  readonly publish?: readonly string[];
  /** @default none */
  readonly subscribe?: readonly string[];
  /** @default an hour */
  readonly lifetimeSeconds?: number;
}

export interface SignOptions {
  /** Replaces header fields of a valid token. The value undefined removes a field. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Replaces claims of a valid token. The value undefined removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** @default {@link secret} */
  readonly key?: KeyObject | Uint8Array;
}

/** An authorization detail with matchers of the type `exact`; `*` matches all topics. */
export function detail(action: string, topics: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    type: "https://mercure.rocks/authorization-detail",
    actions: [action],
    topics: topics.map((match) => ({ match })),
  };
}

/** A valid token of the current protocol without any rights, with the given changes. */
export function signCurrent({
  header = {},
  claims = {},
  key = Buffer.from(secret),
}: SignOptions): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const good = {
    iss: issuer,
    aud: hubUrl,
    sub: "test",
    client_id: "test",
    jti: "1",
    iat: now,
    exp: now + 3600,
  };
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt", ...header })
    .sign(key, { crit: { exotic: true } });
}

/** A token of the older protocol with these claims. */
export function signOlder(claims: Readonly<Record<string, unknown>>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(secret));
}

/** A token of the current protocol, signed with {@link secret}. */
export function currentToken(options: TokenOptions): Promise<string> {
  const { publish = [], subscribe = [], lifetimeSeconds = 3600 } = options;
  const details = (action: string, topics: readonly string[]) =>
    topics.length === 0 ? [] : [detail(action, topics)];
  const authorization_details = [...details("publish", publish), ...details("subscribe", subscribe)];
  const exp = Math.floor(Date.now() / 1000) + lifetimeSeconds;
  return signCurrent({ claims: { authorization_details, exp } });
}

/** A token of the older protocol, signed with {@link secret}. */
export function olderToken({ publish = [], subscribe = [] }: TokenOptions): Promise<string> {
  return signOlder({ mercure: { publish, subscribe } });
}
