import type { Publication } from "../../hub/publications/publication.js";
import { parseHubTopic } from "../../hub/topics/topic.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { LoggedPublication } from "./record.js";

/** The topics of a record so far. Publications to the same topic share one list, which saves memory and checks. */
export type PlainTopics = Map<string, readonly [Topic]>;

/**
 * Letters of a topic, an id or a type. Other letters are beyond Latin-1: V8 then holds the whole line with two bytes for
 * each letter, and the data is a slice of the line.
 */
const word = String.raw`([ !#-[\]-~\xA0-\xFF]+)`;

const plainForm = new RegExp(
  [
    String.raw`^\{"t":"${word}","d":"([^"\\\x00-\x1F]*)"`,
    String.raw`(?:,"id":"${word}")?(?:,"type":"${word}")?(?:,"retryMs":(0|[1-9]\d{0,14}))?(?:,"ttl":(0|[1-9]\d{0,14}))?`,
    String.raw`(,"retain":true)?(,"private":true)?(,"repeatsId":true)?\}\n$`,
  ].join(""),
);

/**
 * Reads the line of a publication to one topic in which JSON escapes no character. Such a line has one form only, so it
 * need not be written again to know that the encoder writes it.
 *
 * @param line well-formed
 * @returns undefined for all other lines; some of them may be publications, too
 */
export function parsePlainPublication(line: string, topics: PlainTopics): LoggedPublication | undefined {
  const parts = plainForm.exec(line);
  const [t, data, id, repeatsId] = parts === null ? [] : [parts[1], parts[2], parts[3], parts[9]];
  if (parts === null || t === undefined || data === undefined || t === "*") return undefined;
  if (repeatsId !== undefined && id === undefined) return undefined;
  const publication = {
    topics: topics.get(t) ?? addTopic(t, topics),
    data,
    retain: parts[7] !== undefined,
    private: parts[8] !== undefined,
  };
  return {
    publication: withOptions(publication, parts),
    keepsId: id !== undefined && repeatsId === undefined,
  };
}

function addTopic(t: string, topics: PlainTopics): readonly [Topic] {
  const topic = copyOf(t);
  const list = [parseHubTopic(topic, Number.POSITIVE_INFINITY)] as const;
  topics.set(topic, list);
  return list;
}

/**
 * A text of its own. V8 holds a part of a text together with the whole text. The journal remembers ids and topics for
 * longer than the data of their line.
 *
 * @param word has only letters of Latin-1
 */
function copyOf(word: string): string {
  return Buffer.from(word, "latin1").toString("latin1");
}

function withOptions(publication: Publication, [, , , id, type, retryMs, ttl]: RegExpExecArray): Publication {
  if ([id, type, retryMs, ttl].every((text) => text === undefined)) return publication;
  return {
    ...publication,
    ...(id === undefined ? {} : { id: copyOf(id) }),
    ...(type === undefined ? {} : { type: copyOf(type) }),
    ...(retryMs === undefined ? {} : { retryMs: Number(retryMs) }),
    ...(ttl === undefined ? {} : { ttlSeconds: Number(ttl) }),
  };
}
