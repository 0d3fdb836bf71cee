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

/** A token of the current protocol, signed with {@link secret}; its matchers are of the type `exact`, `*` is all. */
export function currentToken(options: TokenOptions): Promise<string> {
  const { publish = [], subscribe = [], lifetimeSeconds = 3600 } = options;
  const detail = (action: string, topics: readonly string[]) =>
    topics.length === 0
      ? []
      : [
          {
            type: "https://mercure.rocks/authorization-detail",
            actions: [action],
            topics: topics.map((match) => ({ match })),
          },
        ];
  const authorization_details = [...detail("publish", publish), ...detail("subscribe", subscribe)];
  return new SignJWT({ authorization_details, client_id: "test" })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
    .setIssuer(issuer)
    .setAudience(hubUrl)
    .setSubject("test")
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeSeconds)
    .setJti("1")
    .sign(Buffer.from(secret));
}

/** A token of the older protocol, signed with {@link secret}. */
export function olderToken({ publish = [], subscribe = [] }: TokenOptions): Promise<string> {
  return new SignJWT({ mercure: { publish, subscribe } })
    .setProtectedHeader({ alg: "HS256" })
    .sign(Buffer.from(secret));
}
