import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { PublicationInput } from "../../hub/publications/publication.js";
import { hasFormatCharacter } from "../../hub/topics/topic.js";

/**
 * Rejects invisible characters in topics, ids and types, as the Mercure protocol requires [draft-dunglas-mercure-08
 * l.73-75, l.403-420].
 *
 * @throws PharosError `bad-topic`, `bad-event-id`, `bad-event-type`
 */
export function refuseFormatCharacters({ topics, id = "", type = "" }: PublicationInput): void {
  for (const topic of topics) refuse("bad-topic", "a topic", topic);
  refuse("bad-event-id", "an event id", id);
  refuse("bad-event-type", "an event type", type);
}

/** @throws PharosError `bad-filter` */
export function refuseFormatCharactersInMatcher(text: string): void {
  refuse("bad-filter", "a matcher", text);
}

function refuse(
  code: "bad-topic" | "bad-event-id" | "bad-event-type" | "bad-filter",
  what: string,
  text: string,
): void {
  if (hasFormatCharacter(text)) {
    throw new PharosError(
      code,
      `${what} must not hold format characters (Unicode category Cf), as ${quoteValue(text)} does`,
    );
  }
}
