import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import type { PublicationInput } from "../../../src/hub/publications/publication.js";
import { mediaTypeOf } from "../../../src/gateway/http/media-type.js";
import {
  parsePublishBody as stepsOf,
  parseTopicPath,
} from "../../../src/protocols/pharos/publishing/publish-body.js";

function request(body: string | Buffer, headers: Record<string, string> = {}) {
  const given = new Map(Object.entries(headers));
  return { header: (name: string) => given.get(name), body: Buffer.from(body) };
}

/** The result of `parse`, or the code of its PharosError. Any other error fails the test. */
function orRefused<Value>(parse: () => Value): Value | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PharosError) return error.code;
    throw error;
  }
}

const plain = { id: undefined, type: undefined, retry: undefined, retain: false, private: false };

function parsePublishBody(topic: string, from: ReturnType<typeof request>): PublicationInput | undefined {
  return [...stepsOf(topic, from)].at(-1);
}

describe("parsePublishBody", () => {
  it("takes the body for the data, as it is", () => {
    const text = "a=b&c\r\n\u0000 é 😀\ufeff";
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "image/png", ""])
      expect(parsePublishBody("a/b", request(text, { "content-type": type }))).toEqual({
        ...plain,
        topics: ["a/b"],
        data: text,
      });
  });

  it("takes an empty body, which with Retain removes a value", () => {
    expect(parsePublishBody("t", request("", { retain: "true" }))).toMatchObject({ data: "", retain: true });
  });

  it("leaves JSON as it was written", () => {
    const text = '{ "b": 1,\n  "a": 1.0, "a": 2e0 }\n';
    const type = "Application/JSON; charset=utf-8";
    expect(parsePublishBody("t", request(text, { "content-type": type }))?.data).toBe(text);
  });

  it.each(["", "{", "{'a':1}", "\ufeff{}", "NaN", "{} {}"])("refuses %j as JSON", (text) => {
    expect(() => parsePublishBody("t", request(text, { "content-type": "application/json" }))).toThrow(
      expect.objectContaining({ code: "bad-publication", message: expect.stringContaining("not JSON") }),
    );
  });

  it("takes the rest from headers", () => {
    const headers = {
      "event-id": "7",
      "event-type": "price",
      "event-retry": "500",
      retain: "1",
      private: "True",
    };
    expect(parsePublishBody("t", request("x", headers))).toEqual({
      topics: ["t"],
      data: "x",
      id: "7",
      type: "price",
      retry: "500",
      retain: true,
      private: true,
    });
    const none = { "event-id": "", "event-type": "", "event-retry": "", retain: "0", private: "false" };
    expect(parsePublishBody("t", request("x", none))).toEqual({
      ...plain,
      topics: ["t"],
      data: "x",
      id: "",
      type: "",
    });
  });

  it.each([
    ["retain", "yes"],
    ["retain", "true, true"],
    ["private", "2"],
    ["private", ""],
  ])("refuses the header %s: %s", (name, value) => {
    expect(() => parsePublishBody("t", request("x", { [name]: value }))).toThrow(
      expect.objectContaining({ code: "bad-publication", message: expect.stringMatching(/true or false/) }),
    );
  });

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]], [[0x61, 0xf8]]])(
    "refuses the bytes %j, which are not UTF-8",
    (bytes) => {
      for (const type of ["text/plain", "application/json"])
        expect(() => parsePublishBody("t", request(Buffer.from(bytes), { "content-type": type }))).toThrow(
          expect.objectContaining({ code: "bad-publication", message: "the body is not valid UTF-8" }),
        );
    },
  );

  it("takes or refuses any bytes, and never changes them", () => {
    const types = fc.constantFrom("text/plain", "application/json");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), types, (bytes, type) => {
        const body = Buffer.from(bytes);
        const data = orRefused(() => parsePublishBody("t", request(body, { "content-type": type }))?.data);
        expect([body, "bad-publication"]).toContainEqual(
          data === "bad-publication" ? data : Buffer.from(data ?? ""),
        );
      }),
      { seed: 20_261_121, numRuns: 10_000 },
    );
  });
});

describe("parseTopicPath", () => {
  it.each([
    ["news/sport", "news/sport"],
    ["news%2Fsport", "news/sport"],
    ["a+b%20c", "a+b c"],
    ["https%3A//example.org/a%3Fb%23c", "https://example.org/a?b#c"],
    ["%E6%97%A5", "日"],
    ["", ""],
  ])("reads %j as %j", (path, topic) => {
    expect(parseTopicPath(path)).toBe(topic);
  });

  it.each(["%", "%2", "%zz", "a%E6%97", "%ED%A0%80", "%C0%80"])("refuses %j", (path) => {
    expect(() => parseTopicPath(path)).toThrow(expect.objectContaining({ code: "bad-topic" }));
  });

  it("reads what was encoded", () => {
    const topics = fc.string({ unit: "binary" }).filter((topic) => topic.isWellFormed());
    fc.assert(
      fc.property(topics, (topic) => {
        expect(parseTopicPath(topic.split("/").map(encodeURIComponent).join("/"))).toBe(topic);
      }),
      { seed: 20_261_121, numRuns: 1000 },
    );
  });

  it("refuses what it does not take", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("%", "2", "F", "C", "é", "/", "%E6", "%ff")), (pieces) => {
        const read = orRefused(() => parseTopicPath(pieces.join("")));
        expect(read === "bad-topic" || read.isWellFormed()).toBe(true);
      }),
      { seed: 20_261_121, numRuns: 3000 },
    );
  });
});

describe("mediaTypeOf", () => {
  it.each([
    [undefined, ""],
    ["text/plain", "text/plain"],
    [" Text/Plain ; charset=utf-8", "text/plain"],
    [";", ""],
  ])("reads %j as %j", (header, type) => {
    expect(mediaTypeOf(header)).toBe(type);
  });
});
