import { PharosError } from "../errors.js";
import {
  defaultPublicationLimits,
  parsePublication,
  type Publication,
  type PublicationLimits,
} from "../hub/publication.js";
import { defaultTopic } from "../protocol.js";
import { FieldParser } from "../sse/fields.js";

/**
 * Parses the event-stream text of a publisher into publications on the default topic. Lines end in CR, LF
 * or CRLF; the end of the text ends the last event. Comments and empty blocks are skipped. A client would
 * ignore what it does not know in a stream; a publisher is told instead, since ignoring it loses its event.
 *
 * @throws PharosError `bad-publication` for an unknown field, or a block with fields but no data line;
 *   and whatever {@link parsePublication} throws. One bad event refuses the whole text.
 */
export function parseEventText(
  text: string,
  limits: PublicationLimits = defaultPublicationLimits,
): readonly Publication[] {
  const publications: Publication[] = [];
  let block = new Map<string, string>();
  const finish = (): void => {
    if (block.size > 0) publications.push(publicationOf(block, limits));
    block = new Map();
  };
  const parser = new FieldParser({
    field: (name, value) => addField(block, name, value),
    blank: finish,
  });
  parser.push(text);
  parser.end();
  finish();
  return publications;
}

const fields = new Set(["id", "event", "data", "retry"]);

function addField(block: Map<string, string>, name: string, value: string): void {
  if (!fields.has(name))
    throw new PharosError(
      "bad-publication",
      `${JSON.stringify(name.slice(0, 40))} is not a field of an event; allowed are id, event, data, retry and comments, which begin with a colon`,
    );
  const before = name === "data" ? block.get("data") : undefined;
  block.set(name, before === undefined ? value : `${before}\n${value}`);
}

function publicationOf(block: ReadonlyMap<string, string>, limits: PublicationLimits): Publication {
  if (!block.has("data"))
    throw new PharosError(
      "bad-publication",
      "an event has no data line, so no client would receive it; for an event without text write an empty one, data:",
    );
  const input = {
    topics: [defaultTopic],
    id: block.get("id"),
    type: block.get("event"),
    retry: block.get("retry"),
    data: block.get("data"),
  };
  return parsePublication(input, limits);
}
