import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { parsePublication, type Publication } from "../../hub/publications/publication.js";
import { defaultPublicationLimits, type PublicationLimits } from "../../limits/publications.js";
import { defaultTopic } from "../../protocol.js";
import { FieldParser } from "../../sse/fields.js";

/**
 * Parses event-stream text of a publisher into publications on the default topic. Lines end in CR, LF or CRLF. The last
 * event needs no empty line after it. The parser skips comments and empty blocks. The parser refuses unknown fields,
 * although clients ignore such fields. If the parser also ignored them, a publisher would not notice that part of its
 * event is lost.
 *
 * @throws PharosError `bad-publication` for an unknown field, or a block with fields but no data line; and as
 *   {@link parsePublication}. One invalid event refuses the whole text.
 */
export function parseEventText(
  text: string,
  limits: PublicationLimits = defaultPublicationLimits,
): readonly Publication[] {
  const publications: Publication[] = [];
  let block: Block | undefined;
  const finish = (): void => {
    if (block !== undefined) publications.push(publicationOf(block, limits));
    block = undefined;
  };
  const field = (name: string, value: string): void => addField((block ??= {}), name, value);
  // The size of the message is limited already.
  const parser = new FieldParser({ field, blank: finish }, { maxLineLength: text.length });
  parser.push(text);
  parser.push("\n");
  finish();
  return publications;
}

interface Block {
  id?: string;
  event?: string;
  retry?: string;
  data?: string;
}

function addField(block: Block, name: string, value: string): void {
  if (name === "data") block.data = block.data === undefined ? value : `${block.data}\n${value}`;
  else if (name === "id" || name === "event" || name === "retry") block[name] = value;
  else
    throw new PharosError(
      "bad-publication",
      `${quoteValue(name)} is not a field of an event; allowed are id, event, data, retry and comments, which begin with a colon`,
    );
}

function publicationOf(block: Block, limits: PublicationLimits): Publication {
  const { id, event, retry, data } = block;
  if (data === undefined)
    throw new PharosError(
      "bad-publication",
      "an event must have a data line, because clients ignore an event without one; for empty data, write the line data:",
    );
  return parsePublication({ topics: [defaultTopic], id, type: event, retry, data }, limits);
}
