import type { TopicFilter } from "../../hub/filters/filter.js";
import { isRecord, type JsonRecord } from "../json.js";
import type { TokenLimits } from "../../limits/tokens.js";
import { parseSelector, type MatcherContext } from "./matcher.js";
import { inEntry, quoted, refused } from "../refusal.js";
import type { TokenRights } from "./token-rights.js";

type Context = MatcherContext & Pick<TokenLimits, "selectors">;

const plainName = "mercure";

/** The claim's name for issuers that allow only namespaced claims. This name has precedence if a token has both. */
const namespacedName = "https://mercure.rocks/";

/** Finds the claim of the older form and its name; undefined if the token has neither. Null counts as absent. */
export function olderClaim(
  claims: JsonRecord,
): { readonly name: string; readonly value: unknown } | undefined {
  const name = [namespacedName, plainName].find((name) => (claims[name] ?? undefined) !== undefined);
  return name === undefined ? undefined : { name, value: claims[name] };
}

/**
 * Parses the claim of the older form [draft-dunglas-mercure-07, Authorization].
 *
 * @throws PharosError `invalid-token` when the claim is missing or malformed, or a limit is exceeded
 */
export function parseOlderClaim(claims: JsonRecord, context: Context): TokenRights {
  const claim = olderClaim(claims);
  if (claim === undefined || !isRecord(claim.value))
    throw refused(`its mercure claim is ${quoted(claim?.value)}; allowed is an object`);
  const { publish, subscribe, payload } = claim.value;
  const publishing = parseSelectors(publish, `${claim.name}.publish`, context);
  return {
    publish: publishing,
    mayPublish: publishing.length > 0,
    subscribe: parseSelectors(subscribe, `${claim.name}.subscribe`, context),
    payloadFor: () => payload,
  };
}

function parseSelectors(list: unknown, where: string, context: Context): readonly TopicFilter[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || !list.every((selector) => typeof selector === "string"))
    throw refused(`${where} is ${quoted(list)}; allowed is a list of texts`);
  if (list.length > context.selectors)
    throw refused(`${where} has ${list.length} selectors; allowed are ${context.selectors}`);
  return list.map((selector: string, index) =>
    inEntry(`${where}[${index}]`, () => parseSelector(selector, context)),
  );
}
