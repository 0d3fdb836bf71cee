import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { parseEpoch } from "../../hub/publications/position.js";
import type { Publication } from "../../hub/publications/publication.js";
import { hasForbiddenCharacter, parseHubTopic } from "../../hub/topics/topic.js";
import type { Topic } from "../../hub/topics/topic.js";
import { parseBeat, parseNodeId } from "../nodes.js";
import { encodeGroupHead, encodeRecordHead, encodeItem, encodePublication } from "./encode-record.js";
import { parsePlainPublication, type PlainTopics } from "./plain-publication.js";
import { publicationsPerRecord, recordFormat } from "./record.js";
import type { GroupHead, LoggedBeat, LoggedGone, LoggedPublication, LogItem, RecordHead } from "./record.js";

/** The line of a group without a name, as the encoder writes it. Most lines of items are such lines. */
const plainGroupForm = /^\{"group":([1-9]\d{0,3})\}\n$/;

type Fields = Readonly<Record<string, unknown>>;
/** An item that is one line. */
type ShortItem = Exclude<LogItem, { kind: "group" }>;

const versionForm = /^[\w.+-]{1,64}$/;
const runForm = /^[A-Za-z0-9_-]{1,64}$/;

// Each function writes what it has read again, and compares: so nothing passes that the encoder does not write, such as
// unknown fields, white space or escapes.

/** Reads the first line of a record. */
export function parseHead(line: string): RecordHead {
  const { format: value, run, n, atMs, version } = fieldsOf(line);
  // Other programs may write lines with a format, too.
  if (typeof run !== "string" || !runForm.test(run) || !isCount(n) || !isCount(atMs)) throw badLine(line);
  const format = checkFormat(value, version);
  return same({ run, n, atMs }, (head) => encodeRecordHead(head, format), line);
}

/** Reads the first line of an item. The publications of a group are lines of their own. */
export function parseItem(line: string): ShortItem | GroupHead {
  const size = Number(plainGroupForm.exec(line)?.[1]);
  if (size <= publicationsPerRecord) return { kind: "group", size };
  const fields = fieldsOf(line);
  return "group" in fields
    ? same(groupHeadOf(fields, line), encodeGroupHead, line)
    : same(shortItemOf(fields, line), encodeItem, line);
}

function groupHeadOf({ group: size, once }: Fields, line: string): GroupHead {
  if (!isCount(size) || size < 1 || size > publicationsPerRecord) throw badLine(line);
  if (once === undefined) return { kind: "group", size };
  if (typeof once !== "string" || !once.isWellFormed()) throw badLine(line);
  return { kind: "group", size, once };
}

function shortItemOf(fields: Fields, line: string): ShortItem {
  const { epoch, evict, note, rules, answers, bytes, ageSeconds } = fields;
  if ("node" in fields) return beatOf(fields, line);
  if ("gone" in fields) return goneOf(fields, line);
  if (typeof epoch === "string") {
    const parsed = parseEpoch(epoch);
    if (parsed !== undefined) return { kind: "epoch", epoch: parsed };
  }
  if (typeof evict === "string") return { kind: "evict", topic: topicOf(evict, line) };
  if (typeof note === "string" && "value" in fields)
    return { kind: "note", part: note, value: fields["value"] };
  if (rules === undefined || !isCount(answers) || !isCount(bytes) || !isCount(ageSeconds))
    throw badLine(line);
  return { kind: "rules", format: checkFormat(rules), idempotency: { answers, bytes, ageSeconds } };
}

function beatOf(fields: Fields, line: string): LoggedBeat {
  const beat = parseBeat(fields);
  if (beat === undefined) throw badLine(line);
  return { kind: "node", beat };
}

function goneOf({ gone, after, by }: Fields, line: string): LoggedGone {
  const node = typeof gone === "string" ? parseNodeId(gone) : undefined;
  const other = typeof by === "string" ? parseNodeId(by) : undefined;
  if (node === undefined || other === undefined || !isCount(after)) throw badLine(line);
  return { kind: "gone", node, after, by: other };
}

/**
 * Reads a publication of a group. The limits on publications do not apply: they may have changed since.
 *
 * @param line well-formed, as all text that comes from UTF-8
 */
export function parseLoggedPublication(line: string, topics: PlainTopics): LoggedPublication {
  return parsePlainPublication(line, topics) ?? parseAnyPublication(line);
}

/** As {@link parseLoggedPublication}, but takes four times as long. */
export function parseAnyPublication(line: string): LoggedPublication {
  const { t, d, id, type, retryMs, ttl, retain, private: isPrivate, repeatsId } = fieldsOf(line);
  if (typeof d !== "string" || !d.isWellFormed() || !isWord(id) || !isWord(type)) throw badLine(line);
  if (retryMs !== undefined && !isCount(retryMs)) throw badLine(line);
  if (ttl !== undefined && !isCount(ttl)) throw badLine(line);
  const publication: Publication = {
    topics: topicsOf(t, line),
    data: d,
    retain: retain === true,
    private: isPrivate === true,
    ...(id === undefined ? {} : { id }),
    ...(type === undefined ? {} : { type }),
    ...(retryMs === undefined ? {} : { retryMs }),
    ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
  };
  const logged = { publication, keepsId: id !== undefined && repeatsId !== true };
  return same(logged, encodePublication, line);
}

function topicsOf(value: unknown, line: string): Publication["topics"] {
  if (typeof value === "string") return [topicOf(value, line)];
  if (!Array.isArray(value)) throw badLine(line);
  const [first, ...others] = value.map((topic) => topicOf(topic, line));
  if (first === undefined || new Set(value).size < value.length) throw badLine(line);
  return [first, ...others];
}

/** Accepts topics of the hub too, and topics of any length. */
function topicOf(value: unknown, line: string): Topic {
  if (typeof value !== "string") throw badLine(line);
  try {
    return parseHubTopic(value, Number.POSITIVE_INFINITY);
  } catch (cause) {
    throw badLine(line, cause);
  }
}

/** True for an id or a type. Other characters would break the lines of an event stream. */
function isWord(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === "string" && value !== "" && !hasForbiddenCharacter(value));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** @param version the version of Pharos that wrote the format, if it is known */
function checkFormat(value: unknown, version?: unknown): number {
  if (!isCount(value) || value === 0)
    throw new PharosError("bad-record", "a record of the log has no format");
  if (value <= recordFormat) return value;
  const writer =
    typeof version === "string" && versionForm.test(version) ? `Pharos ${version}` : "a newer version";
  throw new PharosError(
    "newer-format",
    `the journal has format ${value}, which ${writer} wrote. This hub reads formats up to ${recordFormat}: install the version that wrote it, or restore a backup from before its start`,
  );
}

function fieldsOf(line: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw badLine(line, cause);
  }
  if (typeof value === "object" && value !== null) return value as Fields;
  throw badLine(line);
}

/** The value, if the encoder writes it as this line. */
function same<Value>(value: Value, encode: (value: Value) => string, line: string): Value {
  if (encode(value) === line) return value;
  throw badLine(line);
}

/** The error for a line that the encoder does not write. */
export function badLine(line: string, cause?: unknown): PharosError {
  return new PharosError("bad-record", `a record of the log has an unknown line: ${quoteValue(line)}`, {
    cause,
  });
}
