import { checkJson } from "../../../base/json/json-check.js";
import { itemsOf } from "../../../base/json/json-slices.js";
import { mostLevels, parseJson } from "../../../base/json/parse-json.js";
import { PharosError } from "../../../base/errors.js";
import { kindOfValue } from "../../../base/quote-value.js";
import { decodeUtf8, withoutByteOrderMark } from "../../../base/utf8.js";
import { defaultPublishLinesLimits, type PublishLinesOptions } from "./publish-lines.js";
import { atPlace, readPublication } from "./read-publication.js";

/** The media type of JSON [RFC 8259]. */
export const jsonType = "application/json";

/**
 * Parses a body of JSON: one publication, or a list of publications, with the fields of
 * {@link import("./publish-lines.js").parsePublishLines}. The function parses each publication on demand, so that the
 * caller can pause. Undefined stands for a step before the first publication.
 *
 * @throws PharosError `bad-publication` for a body that is not JSON, is an empty list, or holds something else than a
 *   publication; `too-large` for too many; the errors of `accept`. In a list, the number of the publication, from 1, is
 *   in front.
 */
export function* parsePublishJson<T>(
  body: Buffer,
  options: PublishLinesOptions<T>,
): Generator<T | undefined, void> {
  const text = withoutByteOrderMark(decodeUtf8(body, "the body"));
  if (!(yield* checkJson(text, mostLevels)))
    throw new PharosError("bad-publication", `the body is not JSON with at most ${mostLevels} levels`);
  if (/^\s*\[/.test(text)) yield* parseList(text, options);
  else if (/^\s*\{/.test(text)) yield options.accept(readPublication(text));
  else
    throw new PharosError(
      "bad-publication",
      `the body must be a publication (an object) or a list of publications, not ${kindOfValue(parseJson(text))}`,
    );
}

function* parseList<T>(text: string, options: PublishLinesOptions<T>): Generator<T, void> {
  const { publications: most } = options.limits ?? defaultPublishLinesLimits;
  let count = 0;
  for (const item of itemsOf(text)) {
    count += 1;
    if (count > most) throw new PharosError("too-large", `a request may have at most ${most} publications`);
    yield atPlace(`publication ${count}`, () => options.accept(readPublication(item)));
  }
  if (count === 0) throw new PharosError("bad-publication", "the list has no publication");
}
