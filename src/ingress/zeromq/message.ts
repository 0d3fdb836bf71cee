import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { parsePublication, type Publication } from "../../hub/publications/publication.js";
import { parsePublicationOptions } from "../../hub/publications/publication-json.js";
import { defaultPublicationLimits, type PublicationLimits } from "../../limits/publications.js";
import { parseJson } from "../../base/json/parse-json.js";
import { decodeUtf8 } from "../../base/utf8.js";
import { parseEventText } from "./event-text.js";

/**
 * Parses one ZeroMQ message of a publisher. One frame is event-stream text for the default topic, with any number of
 * events. Two frames are the topic and the data. A third frame is a JSON object of options: `id`, `type`, `retry`,
 * `ttl`, `private` and `retain`. Invalid UTF-8 is refused, never repaired.
 *
 * @throws PharosError; then no part of the message may be published
 */
export function parseIngestMessage(
  frames: readonly Uint8Array[],
  limits: PublicationLimits = defaultPublicationLimits,
): readonly Publication[] {
  const [first, data, options] = frames;
  if (first === undefined || frames.length > 3)
    throw new PharosError(
      "bad-publication",
      `a message must have 1 to 3 frames, not ${first === undefined ? "0" : "4 or more"}`,
    );
  if (data === undefined) return parseEventText(decodeUtf8(first, "event text"), limits);
  const topics = [decodeUtf8(first, "a topic")];
  const text = decodeUtf8(data, "the data of a publication");
  if (options === undefined) return [parsePublication({ topics, data: text }, limits)];
  const json = parseJsonFrame(decodeUtf8(options, "the options frame"));
  return [parsePublication({ ...parsePublicationOptions(json), topics, data: text }, limits)];
}

function parseJsonFrame(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const message = `the third frame must be a JSON object of options, or {} for no options, not ${quoteValue(text)}`;
    throw new PharosError("bad-publication", message, { cause });
  }
}
