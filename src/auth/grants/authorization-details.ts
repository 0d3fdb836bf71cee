import type { TopicFilter } from "../../hub/filters/filter.js";
import { isRecord, type JsonRecord } from "../json.js";
import type { TokenLimits } from "../../limits/tokens.js";
import { isMatchType, matchTypes, matchesMatcher, parseMatcher, type MatcherContext } from "./matcher.js";
import { inEntry, quoted, refused } from "../refusal.js";
import type { TokenRights } from "./token-rights.js";

/** The `type` of entries for a Mercure hub, compared byte by byte. Entries of other types are for other servers. */
export const detailType = "https://mercure.rocks/authorization-detail";

type Context = MatcherContext & Pick<TokenLimits, "details" | "topics">;

/** The rights that one entry grants. */
interface Detail {
  readonly actions: readonly string[];
  readonly filters: readonly TopicFilter[];
  readonly payload: JsonRecord | undefined;
}

/** An object of the claim before parsing, and its name for error messages. */
interface Unread {
  readonly entry: JsonRecord;
  readonly where: string;
}

/**
 * Parses the claim `authorization_details` [RFC 9396; draft-dunglas-mercure-08, Authorization Details]. A token
 * without the claim grants nothing. One malformed entry makes the whole token invalid: the issuer meant the entry to
 * restrict or grant something.
 *
 * @throws PharosError `invalid-token` when an entry is malformed or a limit is exceeded
 */
export function parseAuthorizationDetails(claim: unknown, context: Context): TokenRights {
  const details = ownEntries(claim === undefined ? [] : claim, context).map((unread) =>
    parseDetail(unread, context),
  );
  const publish = details.filter(({ actions }) => actions.includes("publish")).flatMap((one) => one.filters);
  const subscribing = details.filter(({ actions }) => actions.includes("subscribe"));
  return {
    publish,
    mayPublish: publish.length > 0,
    subscribe: subscribing.flatMap(({ filters }) => filters),
    // The first matching entry counts, with or without a payload: issuers put specific entries before broad entries.
    payloadFor: (matcher) => subscribing.find(({ filters }) => matchesMatcher(filters, matcher))?.payload,
  };
}

function ownEntries(claim: unknown, { details }: Context): readonly Unread[] {
  if (!Array.isArray(claim))
    throw refused(`its authorization_details are ${quoted(claim)}; allowed is a list`);
  const own = claim
    .map((entry: unknown, index) => unreadEntry(entry, `authorization_details[${index}]`))
    .filter(({ entry }) => entry["type"] === detailType);
  if (own.length > details)
    throw refused(`it has ${own.length} authorization details; allowed are ${details}`);
  return own;
}

function unreadEntry(entry: unknown, where: string): Unread {
  if (!isRecord(entry)) throw refused(`${where} is ${quoted(entry)}; allowed is an object`);
  if (typeof entry["type"] !== "string")
    throw refused(`${where} has the type ${quoted(entry["type"])}; allowed is a text`);
  return { entry, where };
}

function parseDetail({ entry, where }: Unread, context: Context): Detail {
  return {
    actions: parseActions(entry["actions"], where),
    filters: parseTopics(entry["topics"], where, context),
    payload: parsePayload(entry["payload"], where),
  };
}

/** Parses the actions of an entry. The parser ignores unknown actions, which are for other servers. */
function parseActions(actions: unknown, where: string): readonly string[] {
  if (
    !Array.isArray(actions) ||
    actions.length === 0 ||
    !actions.every((action) => typeof action === "string")
  )
    throw refused(
      `${where} has actions ${quoted(actions)}; allowed is a list of texts, publish and subscribe`,
    );
  return actions;
}

function parseTopics(topics: unknown, where: string, context: Context): readonly TopicFilter[] {
  if (!Array.isArray(topics) || topics.length === 0)
    throw refused(
      `${where} has the topics ${quoted(topics)}; allowed is a list of objects with match and match_type`,
    );
  if (topics.length > context.topics)
    throw refused(`${where} has ${topics.length} topics; allowed are ${context.topics}`);
  return topics.map((topic: unknown, index) => parseTopicEntry(topic, `${where}.topics[${index}]`, context));
}

function parseTopicEntry(topic: unknown, where: string, context: Context): TopicFilter {
  if (!isRecord(topic))
    throw refused(`${where} is ${quoted(topic)}; allowed is an object with match and match_type`);
  const { match, match_type: type = "exact" } = topic;
  if (typeof match !== "string") throw refused(`${where} has the match ${quoted(match)}; allowed is a text`);
  if (!isMatchType(type))
    throw refused(`${where} has the match_type ${quoted(type)}; allowed are ${matchTypes.join(", ")}`);
  return inEntry(where, () => parseMatcher({ text: match, type }, context));
}

function parsePayload(payload: unknown, where: string): JsonRecord | undefined {
  if (payload === undefined || isRecord(payload)) return payload;
  throw refused(`${where} has the payload ${quoted(payload)}; allowed is an object`);
}
