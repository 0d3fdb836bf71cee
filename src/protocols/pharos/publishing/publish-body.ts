import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import { presentText, type PublicationInput } from "../../../hub/publications/publication.js";
import { decodeUtf8 } from "../../../base/utf8.js";
import { checkJson } from "../../../base/json/json-check.js";
import { mostLevels } from "../../../base/json/parse-json.js";
import { mediaTypeOf } from "../../../gateway/http/media-type.js";
import type { GatewayRequest } from "../../../gateway/http/messages.js";
import { jsonType } from "./publish-json.js";

/** The parts of a request that describe a publication. */
export interface PublishRequest extends Pick<GatewayRequest, "header"> {
  readonly body: Buffer;
}

/**
 * Parses a request whose body is the data of one publication, in UTF-8. A body of a JSON type must be valid JSON; the
 * hub publishes its text unchanged. The headers `Event-ID`, `Event-Type`, `Event-Retry`, `Event-TTL`, `Retain` and
 * `Private` set the options. `parsePublication` checks the values.
 *
 * The check of JSON has steps, so that the caller can pause. The last item is the publication, and undefined stands
 * for a step before it.
 *
 * @throws PharosError `bad-publication` for a malformed body or header
 */
export function* parsePublishBody(
  topic: string,
  { header, body }: PublishRequest,
): Generator<PublicationInput | undefined, void> {
  const data = decodeUtf8(body, "the body");
  if (mediaTypeOf(header("content-type")) === jsonType) yield* refuseOtherThanJson(data);
  yield {
    topics: [topic],
    data,
    id: header("event-id"),
    type: header("event-type"),
    retry: presentText(header("event-retry")),
    ttl: presentText(header("event-ttl")),
    retain: parseFlag("Retain", header("retain")),
    private: parseFlag("Private", header("private")),
  };
}

/**
 * Percent-decodes the topic in a path below `/publish/`. Slashes and `+` do not change.
 *
 * @throws PharosError `bad-topic` for a malformed percent escape or invalid UTF-8
 */
export function parseTopicPath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new PharosError(
      "bad-topic",
      `the topic ${quoteValue(text)} in the path holds a malformed percent escape or invalid UTF-8`,
      { cause },
    );
  }
}

function* refuseOtherThanJson(text: string): Generator<undefined, void> {
  if (yield* checkJson(text, mostLevels)) return;
  throw new PharosError(
    "bad-publication",
    `the Content-Type is ${jsonType}, but the body is not JSON with at most ${mostLevels} levels; send other text as text/plain`,
  );
}

/**
 * Parses a header that is a flag. An empty value is an error: a publisher that sends `Private:` does not mean a
 * public publication.
 */
function parseFlag(name: string, text: string | undefined): boolean {
  const value = text?.trim().toLowerCase() ?? "false";
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new PharosError(
    "bad-publication",
    `the header ${name} must be true or false, not ${quoteValue(value)}`,
  );
}
