import { PharosError } from "../../../base/errors.js";
import { kindOfValue, quoteValue } from "../../../base/quote-value.js";
import { encodeTnetstring, parseTnetstring, type TnetValue } from "./tnetstring.js";

/**
 * One connection in Mongrel2's `status net` table. The ages are from the server's clock, which changes once per
 * `limits.tick_timer` (10 s by default). For example, the age of a request may still be 0 after 3 s, and is 10 after
 * the next tick. An age of 0 can also mean that the event never happened.
 */
export interface StatusRow {
  readonly id: number;
  readonly fd: number;
  /** Seconds since the last request or keep-alive control message. */
  readonly lastPing: number;
  /** Seconds since the last read. */
  readonly lastRead: number;
  /** Seconds since the last write. */
  readonly lastWrite: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Mongrel2's names of the columns. Mongrel2 may send further columns, in any order. */
const columns = Object.freeze({
  id: "id",
  fd: "fd",
  lastPing: "last_ping",
  lastRead: "last_read",
  lastWrite: "last_write",
  bytesRead: "bytes_read",
  bytesWritten: "bytes_written",
} satisfies Record<keyof StatusRow, string>);

/** Encodes the request for the control port (a REQ socket). `net` lists the connections. */
export function encodeStatusQuery(what: "net"): Buffer {
  return encodeTnetstring(["status", new Map([["what", what]])]);
}

/**
 * Parses the control port's answer to `status net`. Throws `bad-tnetstring` for malformed bytes. Throws
 * `bad-mongrel2-reply` for an error reply, a missing column, or a cell that is not a number.
 */
export function parseStatusTable(reply: Buffer): readonly StatusRow[] {
  const table = parseTnetstring(reply);
  if (!(table instanceof Map)) throw refusal(`the reply must be a dict, not ${kindOfValue(table)}`);
  const error = table.get("error");
  if (error !== undefined)
    throw refusal(
      `the control port answered with the error ${quoteValue(Buffer.isBuffer(error) ? error.toString("latin1") : error)}`,
    );
  const names = parseList(table.get("headers"), "headers").map(columnName);
  const places = {
    id: names.indexOf(columns.id),
    fd: names.indexOf(columns.fd),
    lastPing: names.indexOf(columns.lastPing),
    lastRead: names.indexOf(columns.lastRead),
    lastWrite: names.indexOf(columns.lastWrite),
    bytesRead: names.indexOf(columns.bytesRead),
    bytesWritten: names.indexOf(columns.bytesWritten),
  };
  return parseList(table.get("rows"), "rows").map((row) => parseRow(parseList(row, "a row"), places));
}

function parseRow(row: readonly TnetValue[], places: Readonly<Record<keyof StatusRow, number>>): StatusRow {
  return {
    id: parseCell(row[places.id], "id"),
    fd: parseCell(row[places.fd], "fd"),
    lastPing: parseCell(row[places.lastPing], "lastPing"),
    lastRead: parseCell(row[places.lastRead], "lastRead"),
    lastWrite: parseCell(row[places.lastWrite], "lastWrite"),
    bytesRead: parseCell(row[places.bytesRead], "bytesRead"),
    bytesWritten: parseCell(row[places.bytesWritten], "bytesWritten"),
  };
}

function parseCell(cell: TnetValue | undefined, column: keyof StatusRow): number {
  if (typeof cell !== "number")
    throw refusal(`a cell of the column ${columns[column]} must be a number, not ${kindOfValue(cell)}`);
  return cell;
}

function parseList(value: TnetValue | undefined, what: string): readonly TnetValue[] {
  if (!Array.isArray(value)) throw refusal(`${what} must be a list, not ${kindOfValue(value)}`);
  return value;
}

function columnName(value: TnetValue): string {
  return Buffer.isBuffer(value) ? value.toString("latin1") : "";
}

function refusal(message: string): PharosError {
  return new PharosError("bad-mongrel2-reply", `status table: ${message}`);
}
