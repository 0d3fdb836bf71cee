import { recordFormat } from "./record.js";
import type { GroupHead, LogItem, LoggedPublication, RecordHead } from "./record.js";

/** The largest size of a record's first line, in bytes: 36 of names and signs, 64 of the run, and two numbers of 16. */
export const mostHeadBytes = 132;

/**
 * Writes an item of a record as lines of JSON. A group is a line with the number of its publications, and a line for
 * each publication. The text ends with a line feed: its size in UTF-8 is what the item adds to a record.
 */
export function encodeItem(item: LogItem): string {
  switch (item.kind) {
    case "group": {
      const { kind, once, publications } = item;
      const head = { kind, size: publications.length, ...(once === undefined ? {} : { once }) };
      return encodeGroupHead(head) + publications.map(encodePublication).join("");
    }
    case "epoch":
      return line({ epoch: item.epoch });
    case "evict":
      return line({ evict: item.topic });
    case "rules": {
      const { answers, bytes, ageSeconds } = item.idempotency;
      return line({ rules: item.format, answers, bytes, ageSeconds });
    }
    case "note":
      return line({ note: item.part, value: item.value });
    case "node":
      return line({ ...item.beat });
    case "gone":
      return line({ gone: item.node, after: item.after, by: item.by });
    default:
      return item satisfies never;
  }
}

/**
 * Writes a record: a line with its head, and the items.
 *
 * @param items texts of {@link encodeItem}, with at most `publicationsPerRecord` publications together
 */
export function encodeRecord(head: RecordHead, items: readonly string[]): Buffer {
  return Buffer.from(encodeRecordHead(head) + items.join(""));
}

/** As {@link encodeRecord}, for items that are encoded as bytes already. */
export function joinRecord(head: RecordHead, items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(encodeRecordHead(head)), ...items]);
}

export function encodeRecordHead({ run, n, atMs }: RecordHead, format = recordFormat): string {
  return line({ format, run, n, atMs });
}

/** Writes the line in front of the publications of a group. */
export function encodeGroupHead({ size, once }: GroupHead): string {
  return `{"group":${size}${field("once", once)}}\n`;
}

/** Writes a publication of a group as a line. Fields with the usual value are left out. */
export function encodePublication({ publication, keepsId }: LoggedPublication): string {
  const { topics, data, id, type, retryMs, ttlSeconds, retain, private: isPrivate } = publication;
  // JSON.stringify of the whole object takes twice as long.
  const t = JSON.stringify(topics.length === 1 ? topics[0] : topics);
  const times = field("retryMs", retryMs) + field("ttl", ttlSeconds);
  const options = field("id", id) + field("type", type) + times;
  const flags =
    flag("retain", retain) + flag("private", isPrivate) + flag("repeatsId", id !== undefined && !keepsId);
  return `{"t":${t},"d":${JSON.stringify(data)}${options}${flags}}\n`;
}

function field(name: string, value: string | number | undefined): string {
  return value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`;
}

function flag(name: string, isSet: boolean): string {
  return isSet ? `,"${name}":true` : "";
}

/** JSON text has no line feed of its own, so each line can be read alone. */
function line(fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(fields)}\n`;
}
