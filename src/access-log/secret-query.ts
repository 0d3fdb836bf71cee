/**
 * The parameters of a query that may have a token, in lower case. The hub reads `authorization` only, but clients may
 * use names of other servers by mistake.
 */
const secretNames: ReadonlySet<string> = new Set(["authorization", "access_token", "token", "jwt"]);

/** The query with the values of all parameters hidden that may have a token. */
export function withoutSecrets(query: string): string {
  if (!mayHaveSecret.test(query)) return query;
  return query.replaceAll(/[^&]+/g, (pair) => {
    const equals = pair.indexOf("=");
    if (equals < 0 || !secretNames.has(decoded(pair.slice(0, equals)).trim().toLowerCase())) return pair;
    return `${pair.slice(0, equals)}=(hidden)`;
  });
}

/** Most queries have neither such a name nor an escape in which a name could hide. */
const mayHaveSecret = /%|\+|authorization|token|jwt/i;

/** Decodes each escape by itself, so that an invalid one hides no name. */
function decoded(name: string): string {
  return name
    .replaceAll("+", " ")
    .replaceAll(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
