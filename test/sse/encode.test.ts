import { describe, expect, it } from "vitest";
import {
  encodeComment,
  encodeEvent,
  encodeHeartbeat,
  encodeOlderEvent,
  encodePosition,
  encodeRetry,
} from "../../src/sse/encode.js";

describe("encodeOlderEvent", () => {
  it("writes event, retry, id and data in this order and ends with an empty line", () => {
    const event = encodeOlderEvent({ data: "a\nb", retryMs: 5000, type: "news", id: "7" });
    expect(event.toString()).toBe("event: news\nretry: 5000\nid: 7\ndata: a\ndata: b\n\n");
    expect(encodeOlderEvent({ id: "7", data: "" }).toString()).toBe("id: 7\ndata: \n\n");
  });

  it.each(["\r", "\n", "\0"])("refuses %j in an id or a type", (text) => {
    for (const event of [{ id: text }, { type: text }])
      expect(() => encodeOlderEvent({ ...event, data: "" })).toThrowError(/must not contain CR, LF or NUL/);
  });
});

describe("encodeEvent", () => {
  it("writes id, event, retry and data in this order and ends with an empty line", () => {
    const event = encodeEvent({ data: "hello", retryMs: 5000, type: "news", id: "7" });
    expect(event.toString()).toBe("id: 7\nevent: news\nretry: 5000\ndata: hello\n\n");
  });

  it.each([
    ["one line", "a", "data: a\n\n"],
    ["no text", "", "data: \n\n"],
    ["LF", "a\nb", "data: a\ndata: b\n\n"],
    ["CR", "a\rb", "data: a\ndata: b\n\n"],
    ["CRLF", "a\r\nb", "data: a\ndata: b\n\n"],
    ["LF CR, which are two newlines", "a\n\rb", "data: a\ndata: \ndata: b\n\n"],
    ["a newline at the end", "a\n", "data: a\ndata: \n\n"],
    ["a leading space", " a", "data:  a\n\n"],
    ["what looks like fields", "a\n\nid: 1\rretry: 1", "data: a\ndata: \ndata: id: 1\ndata: retry: 1\n\n"],
    [
      "characters that only Unicode calls newlines",
      "a\u2028b\u0085c\u000bd",
      "data: a\u2028b\u0085c\u000bd\n\n",
    ],
  ])("turns data with %s into data lines", (_name, data, expected) => {
    expect(encodeEvent({ data }).toString()).toBe(expected);
  });

  it("writes an empty id, which resets the last event id of clients", () => {
    expect(encodeEvent({ id: "", data: "x" }).toString()).toBe("id: \ndata: x\n\n");
  });

  it("writes topics and the mark of a retained value in front of the data, and no topic breaks its line", () => {
    const event = encodeEvent({ id: "7", topics: ["a", "b: c"], retained: "é", data: "x" });
    expect(event.toString()).toBe("id: 7\ntopic: a\ntopic: b: c\nretained: é\ndata: x\n\n");
    expect(() => encodeEvent({ topics: ["a", "b\nid: 1"], data: "" })).toThrowError(
      expect.objectContaining({ code: "bad-topic" }),
    );
    expect(() => encodeEvent({ retained: "a\nid: 1", data: "" })).toThrowError(
      expect.objectContaining({ code: "bad-event-id" }),
    );
  });

  it("writes UTF-8", () => {
    expect(encodeEvent({ id: "é", data: "日🚦" })).toEqual(Buffer.from("id: é\ndata: 日🚦\n\n", "utf8"));
  });

  it.each(["\r", "\n", "\r\n", "\0", "a\nid: 2", "a\u0000"])("refuses %j in an id or a type", (text) => {
    expect(() => encodeEvent({ id: text, data: "" })).toThrowError(
      expect.objectContaining({ code: "bad-event-id" }),
    );
    expect(() => encodeEvent({ type: text, data: "" })).toThrowError(
      expect.objectContaining({ code: "bad-event-type" }),
    );
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300])(
    "refuses the reconnection time %s",
    (ms) => {
      expect(() => encodeEvent({ retryMs: ms, data: "" })).toThrowError(
        expect.objectContaining({ code: "bad-retry" }),
      );
    },
  );
});

describe("the other parts of a stream", () => {
  it("encodes a comment as a line for each line of its text", () => {
    expect(encodeComment("time stream").toString()).toBe(": time stream\n");
    expect(encodeComment("a\r\nb\rdata: c\nd").toString()).toBe(": a\n: b\n: data: c\n: d\n");
  });

  it("encodes a position as an id and an empty line", () => {
    expect(encodePosition("#e:1").toString()).toBe("id: #e:1\n\n");
  });

  it("encodes a heartbeat as an empty comment and the position", () => {
    expect(encodeHeartbeat("#e:1").toString()).toBe(":\nid: #e:1\n\n");
  });

  it("encodes a reconnection time as a line", () => {
    expect(encodeRetry(5000).toString()).toBe("retry: 5000\n");
    expect(() => encodeRetry(0.5)).toThrowError(expect.objectContaining({ code: "bad-retry" }));
  });

  it("refuses positions that would break the line", () => {
    expect(() => encodePosition("1\n2")).toThrowError(expect.objectContaining({ code: "bad-event-id" }));
    expect(() => encodeHeartbeat("1\r2")).toThrowError(expect.objectContaining({ code: "bad-event-id" }));
  });
});
