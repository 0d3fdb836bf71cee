import { PharosError } from "../../base/errors.js";
import {
  parsePublication,
  type Publication,
  type PublicationInput,
} from "../../hub/publications/publication.js";
import { defaultPublicationLimits, type PublicationLimits } from "../../limits/publications.js";
import { decodeUtf8 } from "../../base/utf8.js";
import { parseEventText } from "./event-text.js";

/**
 * Parses one ZeroMQ message of a publisher. One frame is event-stream text for the default topic, and may
 * hold several events or none; two or three frames are topic, data, and an optional JSON object of `id`,
 * `type`, `retry`, `private`, `retain`. Invalid UTF-8 is refused, never repaired.
 *
 * @throws PharosError; nothing of a refused message may be published
 */
export function parseIngestMessage(
  frames: readonly Uint8Array[],
  limits: PublicationLimits = defaultPublicationLimits,
): readonly Publication[] {
  const [first, data, options] = frames;
  if (first === undefined || frames.length > 3)
    throw new PharosError("bad-publication", `a message has 1 to 3 frames, not ${frames.length}`);
  if (data === undefined) return parseEventText(decodeUtf8(first, "event text"), limits);
  const topics = [decodeUtf8(first, "a topic")];
  const text = decodeUtf8(data, "the data of a publication");
  if (options === undefined) return [parsePublication({ topics, data: text }, limits)];
  const { id, type, retry, retain, private: hidden } = parseOptions(options);
  return [parsePublication({ topics, data: text, id, type, retry, retain, private: hidden }, limits)];
}

type Options = Omit<PublicationInput, "topics" | "data">;

/** What each option must be; the text is for the publisher. */
const options: ReadonlyMap<string, { readonly type: string; readonly allowed: string }> = new Map([
  ["id", { type: "string", allowed: "a text" }],
  ["type", { type: "string", allowed: "a text" }],
  ["retry", { type: "number", allowed: "a number of milliseconds" }],
  ["private", { type: "boolean", allowed: "true or false" }],
  ["retain", { type: "boolean", allowed: "true or false" }],
]);

function parseOptions(frame: Uint8Array): Options {
  const object = parseObject(decodeUtf8(frame, "the options frame"));
  for (const [key, value] of Object.entries(object)) {
    const rule = options.get(key);
    if (rule === undefined)
      throw new PharosError(
        "bad-publication",
        `${JSON.stringify(key.slice(0, 40))} is not an option; allowed are ${[...options.keys()].join(", ")}`,
      );
    if (typeof value !== rule.type)
      throw new PharosError("bad-publication", `the option ${key} must be ${rule.allowed}`);
  }
  return object;
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PharosError(
      "bad-publication",
      "the third frame is not JSON; it holds the options, {} for none",
      {
        cause,
      },
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PharosError("bad-publication", "the third frame must be a JSON object of options");
  return value;
}
