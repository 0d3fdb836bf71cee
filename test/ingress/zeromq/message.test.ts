import { describe, expect, it } from "vitest";
import { parseIngestMessage } from "../../../src/ingress/zeromq/message.js";

const bytes = (...frames: (string | readonly number[])[]): Buffer[] =>
  frames.map((frame) => (typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame)));
const published = (rest: object): object => ({
  topics: ["broadcast"],
  retain: false,
  private: false,
  ...rest,
});

describe("a message of one frame", () => {
  it.each<[string, string, object[]]>([
    ["an event", "id: 1\ndata: a\n\n", [{ id: "1", data: "a" }]],
    [
      "the event of the 2011 beacon",
      "id: 7\r\ndata: Timestamp now\r\n\r\n",
      [{ id: "7", data: "Timestamp now" }],
    ],
    ["an event that ends with the frame", "data: a", [{ data: "a" }]],
    ["an event whose last line ends with the frame", "data: a\r", [{ data: "a" }]],
    [
      "several events",
      "data: a\n\ndata: b\r\rdata: c\r\n\r\n",
      [{ data: "a" }, { data: "b" }, { data: "c" }],
    ],
    [
      "every field",
      "event: e\nretry: 500\nid: 1\ndata: a\ndata:b",
      [{ id: "1", type: "e", retryMs: 500, data: "a\nb" }],
    ],
    ["empty data", "data", [{ data: "" }]],
    ["comments and empty blocks around it", ": hi\n\n\n\ndata: a\n: bye\n\n:\n\n", [{ data: "a" }]],
    ["a byte order mark", "\uFEFFdata: a\n\n", [{ data: "a" }]],
    ["nothing but comments", ": hi\n\n", []],
    ["nothing", "", []],
  ])("publishes %s to the default topic", (_name, text, expected) => {
    expect(parseIngestMessage(bytes(text))).toEqual(expected.map(published));
  });

  it.each<[string, string | readonly number[], [string, RegExp]]>([
    ["an id without data", "id: 1\n\n", ["bad-publication", /must have a data line.*data:/]],
    ["a type without data", "data: a\n\nevent: e", ["bad-publication", /must have a data line/]],
    ["a retry without data", "retry: 500\n\n", ["bad-publication", /must have a data line/]],
    ["what is not event text", '{"a":1}', ["bad-publication", /not a field.*id, event, data, retry/]],
    ["a field in the wrong case", "Data: a\n\n", ["bad-publication", /"Data"/]],
    ["one bad event among good ones", "data: a\n\nid: #x\ndata: b\n\ndata: c", ["bad-event-id", /#/]],
    ["a reserved type", "event: pharos-gap\ndata: a", ["bad-event-type", /reserved/]],
    ["a NUL in an id", "id: a\0\ndata: b", ["bad-event-id", /control/]],
    ["a retry that is no number", "retry: soon\ndata: a", ["bad-retry", /100/]],
    ["invalid UTF-8", [0x64, 0x61, 0x74, 0x61, 0x3a, 0xff], ["bad-publication", /not valid UTF-8/]],
  ])("is refused as a whole for %s", (_name, frame, [code, message]) => {
    expect(() => parseIngestMessage(bytes(frame))).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe("a message of two or three frames", () => {
  it.each<[string, string[], object]>([
    ["topic and data", ["news/uk", "a"], { data: "a" }],
    ["data of several lines", ["news/uk", "a\r\nb"], { data: "a\r\nb" }],
    ["empty data", ["news/uk", ""], { data: "" }],
    ["no options", ["news/uk", "a", "{}"], { data: "a" }],
    [
      "every option",
      ["news/uk", "a", '{"id":"1","type":"t","retry":500,"private":true,"retain":true}'],
      { data: "a", id: "1", type: "t", retryMs: 500, private: true, retain: true },
    ],
  ])("publishes %s", (_name, frames, expected) => {
    expect(parseIngestMessage(bytes(...frames))).toEqual([published({ topics: ["news/uk"], ...expected })]);
  });

  it.each<[string, (string | readonly number[])[], [string, RegExp]]>([
    [
      "an unknown option",
      ["t", "a", '{"topic":"x"}'],
      ["bad-publication", /"topic".*id, type, retry, ttl, private, retain/],
    ],
    ["a prototype as an option", ["t", "a", '{"__proto__":{"id":"1"}}'], ["bad-publication", /__proto__/]],
    ["an id that is no text", ["t", "a", '{"id":1}'], ["bad-publication", /id must be a text/]],
    ["a retry that is text", ["t", "a", '{"retry":"500"}'], ["bad-publication", /retry must be a number/]],
    [
      "a flag that is no flag",
      ["t", "a", '{"retain":1}'],
      ["bad-publication", /retain must be true or false/],
    ],
    ["a null option", ["t", "a", '{"id":null}'], ["bad-publication", /id must be a text/]],
    ["options that are no JSON", ["t", "a", "id=1"], ["bad-publication", /JSON/]],
    ["an empty options frame", ["t", "a", ""], ["bad-publication", /JSON/]],
    ["a list of options", ["t", "a", "[]"], ["bad-publication", /object/]],
    ["a null for options", ["t", "a", "null"], ["bad-publication", /object/]],
    ["an empty topic", ["", "a"], ["bad-topic", /empty/]],
    ["a reserved id", ["t", "a", '{"id":"#1"}'], ["bad-event-id", /#/]],
    ["a lone surrogate", ["t", "a", '{"id":"\\ud800"}'], ["bad-event-id", /UTF-8/]],
    ["an invalid topic", [[0xff], "a"], ["bad-publication", /topic is not valid UTF-8/]],
    ["invalid data", ["t", [0xff]], ["bad-publication", /data.*not valid UTF-8/]],
    ["invalid options", ["t", "a", [0xff]], ["bad-publication", /options.*not valid UTF-8/]],
    ["four frames", ["t", "a", "{}", ""], ["bad-publication", /1 to 3 frames, not 4/]],
    ["no frame", [], ["bad-publication", /not 0/]],
  ])("is refused for %s", (_name, frames, [code, message]) => {
    expect(() => parseIngestMessage(bytes(...frames))).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("is refused for data over the limit", () => {
    expect(() => parseIngestMessage(bytes("t", "x".repeat(1024 * 1024 + 1)))).toThrowError(
      expect.objectContaining({ code: "too-large" }),
    );
  });
});
