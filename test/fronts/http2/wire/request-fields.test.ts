import { describe, expect, it } from "vitest";
import { errorCode, StreamFault } from "../../../../src/fronts/http2/wire/protocol.js";
import {
  checkTrailers,
  isResponseField,
  readRequestFields,
} from "../../../../src/fronts/http2/wire/request-fields.js";
import type { HeaderField } from "../../../../src/fronts/http2/wire/request-fields.js";

const pseudo: readonly HeaderField[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "a.example"],
  [":path", "/a?b"],
];

function withValue(name: string, value: string): readonly HeaderField[] {
  return pseudo.map((field) => (field[0] === name ? [name, value] : field));
}

function without(name: string): readonly HeaderField[] {
  return pseudo.filter((field) => field[0] !== name);
}

function faultOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof StreamFault) return error.code;
    throw error;
  }
  return undefined;
}

/** Fields that neither a request nor its trailers may have. */
const malformedFields: readonly (readonly [string, HeaderField])[] = [
  ["an empty name", ["", "x"]],
  ["a name in upper case", ["Accept", "x"]],
  ["a name with a space", ["a b", "x"]],
  ["a name with a colon", ["a:b", "x"]],
  ["a name with a control character", ["a\n", "x"]],
  ["a name beyond ASCII", ["a\u00e9", "x"]],
  ["a value with NUL", ["a", "x\0y"]],
  ["a value with CR", ["a", "x\ry"]],
  ["a value with LF", ["a", "x\ny"]],
  ["a value that begins with a space", ["a", " x"]],
  ["a value that ends with a tab", ["a", "x\t"]],
  ["connection", ["connection", "close"]],
  ["keep-alive", ["keep-alive", "5"]],
  ["proxy-connection", ["proxy-connection", "x"]],
  ["transfer-encoding", ["transfer-encoding", "chunked"]],
  ["upgrade", ["upgrade", "websocket"]],
  ["te", ["te", "gzip"]],
];

describe("the fields of a request", () => {
  it("are its head, with the authority as the host", () => {
    expect(readRequestFields([...pseudo, ["accept", "x y\t\u00e9"], ["te", "trailers"], ["a", ""]])).toEqual({
      method: "GET",
      path: "/a?b",
      lines: ["host", "a.example", "accept", "x y\t\u00e9", "te", "trailers", "a", ""],
    });
  });

  it("keep repeated names in order", () => {
    expect(readRequestFields([...pseudo, ["a", "1"], ["b", "2"], ["a", "3"]]).lines.slice(2)).toEqual([
      "a",
      "1",
      "b",
      "2",
      "a",
      "3",
    ]);
  });

  it("may come in any order of the pseudo-headers", () => {
    expect(readRequestFields(pseudo.toReversed()).path).toBe("/a?b");
  });

  it.each<[string, readonly HeaderField[], readonly string[]]>([
    ["only the authority", pseudo, ["host", "a.example"]],
    ["both, which are equal", [...pseudo, ["host", "a.example"]], ["host", "a.example"]],
    ["only the host", [...without(":authority"), ["host", "b"]], ["host", "b"]],
    ["an empty authority", [...withValue(":authority", ""), ["host", "b"]], ["host", "b"]],
    ["neither", without(":authority"), []],
  ])("have a host: %s", (_name, fields, lines) => {
    expect(readRequestFields(fields).lines).toEqual(lines);
  });

  it("may ask for * with OPTIONS", () => {
    const fields = withValue(":path", "*").map((field): HeaderField =>
      field[0] === ":method" ? [":method", "OPTIONS"] : field,
    );
    expect(readRequestFields(fields).path).toBe("*");
  });

  it.each<[string, readonly HeaderField[]]>([
    ["no method", without(":method")],
    ["no scheme", without(":scheme")],
    ["no path", without(":path")],
    ["an empty method", withValue(":method", "")],
    ["an empty scheme", withValue(":scheme", "")],
    ["an empty path", withValue(":path", "")],
    ["a method with a space", withValue(":method", "GET /")],
    ["a method with a line end", withValue(":method", "GET\r\n")],
    ["a path without /", withValue(":path", "a")],
    ["a path that is a URL", withValue(":path", "https://a.example/")],
    ["* with GET", withValue(":path", "*")],
    ["a path with a space", withValue(":path", "/a b")],
    ["a path with a line end", withValue(":path", "/a\r\nx: y")],
    ["a path with DEL", withValue(":path", "/a\x7f")],
    [
      "a CONNECT",
      [
        [":method", "CONNECT"],
        [":authority", "a:1"],
      ],
    ],
    ["an authority with a line end", withValue(":authority", "a\r\nb")],
    ["an authority that differs from the host", [...pseudo, ["host", "b.example"]]],
    ["a repeated pseudo-header", [...pseudo, [":path", "/a?b"]]],
    ["a repeated empty pseudo-header", [[":path", ""], ...pseudo]],
    ["an unknown pseudo-header", [...pseudo, [":protocol", "websocket"]]],
    ["a pseudo-header of responses", [...pseudo, [":status", "200"]]],
    ["a pseudo-header in upper case", [...without(":path"), [":Path", "/"]]],
    ["a late pseudo-header", [...without(":path"), ["a", "b"], [":path", "/"]]],
    ["no fields", []],
  ])("are malformed with %s", (_name, fields) => {
    expect(faultOf(() => readRequestFields(fields))).toBe(errorCode.protocolError);
  });

  it.each(malformedFields)("are malformed with %s", (_name, field) => {
    expect(faultOf(() => readRequestFields([...pseudo, field]))).toBe(errorCode.protocolError);
  });
});

describe("trailers", () => {
  it("may have any field that a request may have", () => {
    expect(
      faultOf(() =>
        checkTrailers([
          ["a", "b"],
          ["te", "trailers"],
        ]),
      ),
    ).toBeUndefined();
    expect(faultOf(() => checkTrailers([]))).toBeUndefined();
  });

  it.each([...malformedFields, ["a pseudo-header", [":path", "/"]] as const])(
    "are malformed with %s",
    (_name, field) => {
      expect(faultOf(() => checkTrailers([["a", "b"], field]))).toBe(errorCode.protocolError);
    },
  );
});

describe("a response", () => {
  it("has no fields of a connection of HTTP/1", () => {
    const names = [
      "connection",
      "keep-alive",
      "proxy-connection",
      "transfer-encoding",
      "upgrade",
      "content-type",
    ];
    expect(names.filter(isResponseField)).toEqual(["content-type"]);
  });
});
