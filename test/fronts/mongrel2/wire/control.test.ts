import { describe, expect, it } from "vitest";
import { encodeStatusQuery, parseStatusTable } from "../../../../src/fronts/mongrel2/wire/control.js";
import { encodeTnetstring, type TnetValue } from "../../../../src/fronts/mongrel2/wire/tnetstring.js";
import { controlReply } from "./frames.js";

const refused = expect.objectContaining({ code: "bad-mongrel2-reply" });
const headers = ["id", "fd", "type", "last_ping", "last_read", "last_write", "bytes_read", "bytes_written"];

describe("the control port", () => {
  it("is asked in the words that it understands", () => {
    expect(encodeStatusQuery("net").toString()).toBe("26:6:status,13:4:what,3:net,}]");
  });

  it("lists its connections", () => {
    const rows = parseStatusTable(controlReply("net"));
    expect(rows.map((row) => row.id)).toEqual([45, 46, 47]);
    expect(rows[0]).toEqual({
      id: 45,
      fd: 29,
      lastPing: 0,
      lastRead: 0,
      lastWrite: 0,
      bytesRead: 37,
      bytesWritten: 0,
    });
  });

  it("tells the ages and bytes of each apart", () => {
    expect(parseStatusTable(controlReply("netAged"))).toEqual([
      { id: 18, fd: 29, lastPing: 10, lastRead: 10, lastWrite: 10, bytesRead: 36, bytesWritten: 24 },
      { id: 19, fd: 30, lastPing: 10, lastRead: 10, lastWrite: 0, bytesRead: 36, bytesWritten: 0 },
    ]);
  });

  it("may order its columns in another way and add to them", () => {
    const reply = table(headers.toReversed().concat("more"), [[8, 7, 6, 5, 4, 3, 2, 1, "x"]]);
    expect(parseStatusTable(reply)).toEqual([
      { id: 1, fd: 2, lastPing: 4, lastRead: 5, lastWrite: 6, bytesRead: 7, bytesWritten: 8 },
    ]);
  });

  it("may have no connection to list", () => {
    expect(parseStatusTable(table(headers, []))).toEqual([]);
  });

  it("lists 20,000 connections", () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => [index, 1, 1, 2, 3, 4, 5, 6]);
    expect(parseStatusTable(table(headers, rows))).toHaveLength(20_000);
  });

  it.each(["tasks", "badArgument", "badQuery"] as const)(
    "answers %s with something else: refused",
    (name) => {
      expect(() => parseStatusTable(controlReply(name))).toThrow(refused);
    },
  );

  it.each<[string, Buffer]>([
    ["a list", encodeTnetstring([])],
    ["no headers", encodeTnetstring(new Map([["rows", []]]))],
    ["no rows", encodeTnetstring(new Map([["headers", headers]]))],
    ["a missing column", table(headers.slice(1), [[1, 2, 3, 4, 5, 6, 7]])],
    ["a short row", table(headers, [[1, 2, 3]])],
    ["a row that is a number", table(headers, [1])],
    ["text in a row", table(headers, [["1", 2, 3, 4, 5, 6, 7, 8]])],
  ])("is refused when its answer is %s", (_what, reply) => {
    expect(() => parseStatusTable(reply)).toThrow(refused);
  });

  it("is refused when its answer is cut", () => {
    expect(() => parseStatusTable(controlReply("net").subarray(0, -1))).toThrow(
      expect.objectContaining({ code: "bad-tnetstring" }),
    );
  });
});

function table(columns: readonly string[], rows: readonly TnetValue[]): Buffer {
  return encodeTnetstring(
    new Map<string, TnetValue>([
      ["headers", columns],
      ["rows", rows],
    ]),
  );
}
