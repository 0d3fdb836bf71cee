import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeComment, encodeEvent, encodePosition } from "../../src/sse/encode.js";
import {
  EventStreamParser,
  EventStreamReader,
  type ParseLimits,
  type RawEvent,
  type StreamEvent,
} from "../../src/sse/parse.js";

function parse(chunks: readonly string[], limits: ParseLimits = {}): RawEvent[] {
  const events: RawEvent[] = [];
  const parser = new EventStreamParser({ ...limits, onEvent: (event) => events.push(event) });
  for (const chunk of chunks) parser.push(chunk);
  return events;
}

function read(
  chunks: readonly Uint8Array[],
  lastEventId = "",
): { events: StreamEvent[]; lastEventId: string } {
  const events: StreamEvent[] = [];
  const reader = new EventStreamReader({ lastEventId, onEvent: (event) => events.push(event) });
  for (const chunk of chunks) reader.push(chunk);
  return { events, lastEventId: reader.lastEventId };
}

const sample =
  "\uFEFF: hello\r\n\r\nid: 1\r\nevent: news\r\ndata: a\r\ndata:b\r\n\r\n" +
  "retry: 5000\rdata\r\rid\n\ndata:  two spaces\nunknown: x\n\nid: 🚦\n\ndata: é日🚦\n\ndata: unfinished\n";
const sampleEvents: RawEvent[] = [
  { id: "1", type: "news", data: "a\nb" },
  { retryMs: 5000, data: "" },
  { id: "" },
  { data: " two spaces" },
  { id: "🚦" },
  { data: "é日🚦" },
];

describe("EventStreamParser", () => {
  it.each<[string, string, RawEvent[]]>([
    ["joins data lines with LF", "data: a\ndata: b\n\n", [{ data: "a\nb" }]],
    ["removes one leading space only", "data:  a\n\n", [{ data: " a" }]],
    ["takes a value without a space", "data:a\n\n", [{ data: "a" }]],
    ["keeps further colons", "data: a: b\n\n", [{ data: "a: b" }]],
    ["keeps empty data apart from none", "data\n\nid: 1\n\n", [{ data: "" }, { id: "1" }]],
    ["counts each empty data line", "data\ndata\n\n", [{ data: "\n" }]],
    ["takes a field without a colon as empty", "id\ndata: a\n\n", [{ id: "", data: "a" }]],
    ["ignores comments", ": a\n:\n:data: b\n\n", []],
    ["ignores unknown fields and other cases of names", "foo: 1\nData: x\n data: y\n\n", []],
    ["ignores an id with NUL", "id: a\0b\ndata: x\n\n", [{ data: "x" }]],
    [
      "uses the last id and type",
      "id: 1\nid: 2\nevent: a\nevent: b\ndata: x\n\n",
      [{ id: "2", type: "b", data: "x" }],
    ],
    [
      "takes digits only as retry",
      "retry: 1s\nretry: -1\nretry: 1.5\nretry:\nretry: 010\n\n",
      [{ retryMs: 10 }],
    ],
    ["refuses digits of other scripts as retry", "retry: ٣\n\n", []],
    [
      "reads the topics and the mark that Pharos adds",
      "topic: a: b\ntopic: c\nretained: 7\ndata: x\n\ndata: y\n\n",
      [{ topics: ["a: b", "c"], retained: "7", data: "x" }, { data: "y" }],
    ],
    ["drops an event that is not finished", "data: a\n\ndata: b\n", [{ data: "a" }]],
    ["drops a line that is not finished", "data: a\n\ndata: b", [{ data: "a" }]],
    ["skips empty lines", "\n\n\r\n\r\rdata: a\n\n\n", [{ data: "a" }]],
    ["skips one byte order mark at the start", "\uFEFFdata: a\n\n", [{ data: "a" }]],
    ["skips only one byte order mark", "\uFEFF\uFEFFdata: a\n\n", []],
    ["takes a later byte order mark as text", "data: a\n\n\uFEFFdata: b\n\n", [{ data: "a" }]],
    ["mixes newlines", "data: a\rdata: b\ndata: c\r\n\r\n", [{ data: "a\nb\nc" }]],
    ["reads LF CR as two newlines", "data: a\n\rdata: b\n\n", [{ data: "a" }, { data: "b" }]],
    ["leaves other line separators in the text", "data: a\u2028b\u0085c\n\n", [{ data: "a\u2028b\u0085c" }]],
  ])("%s", (_name, text, expected) => {
    expect(parse([text])).toEqual(expected);
    expect(parse(text.split(""))).toEqual(expected);
  });

  it("parses a whole stream", () => {
    expect(parse([sample])).toEqual(sampleEvents);
  });

  it("parses the same wherever the text is split", () => {
    for (let at = 0; at <= sample.length; at += 1)
      expect(parse([sample.slice(0, at), "", sample.slice(at)]), `split at ${at}`).toEqual(sampleEvents);
  });

  it("reports an event at its CR, without waiting for the LF", () => {
    expect(parse(["data: a\r\n\r"])).toEqual([{ data: "a" }]);
    expect(parse(["data: a\r\n\r", "\ndata: b\n\n"])).toEqual([{ data: "a" }, { data: "b" }]);
  });

  it("reports comments", () => {
    const comments: string[] = [];
    const parser = new EventStreamParser({
      onEvent: () => undefined,
      onComment: (text) => comments.push(text),
    });
    parser.push(": a\n:\n:b: c\n:  d\n");
    expect(comments).toEqual(["a", "", "b: c", " d"]);
  });

  it("reports a reconnection time before its event is finished", () => {
    const parser = new EventStreamParser({ onEvent: () => undefined });
    expect(parser.reconnectionMs).toBeUndefined();
    parser.push("retry: 250\n");
    expect(parser.reconnectionMs).toBe(250);
  });

  it("refuses a line over the limit, finished or not", () => {
    const tooLarge = expect.objectContaining({ code: "too-large" });
    expect(parse(["data: abcd\n\n"], { maxLineLength: 10 })).toEqual([{ data: "abcd" }]);
    expect(() => parse(["data: abcde\n\n"], { maxLineLength: 10 })).toThrowError(tooLarge);
    expect(() => parse("data: abcde".split(""), { maxLineLength: 10 })).toThrowError(tooLarge);
  });

  it("refuses an event over the limit, with any number of lines", () => {
    const tooLarge = expect.objectContaining({ code: "too-large" });
    expect(parse(["data: ab\ndata: cd\n\n"], { maxEventLength: 5 })).toEqual([{ data: "ab\ncd" }]);
    expect(() => parse(["data: ab\ndata: cde\n\n"], { maxEventLength: 5 })).toThrowError(tooLarge);
    expect(() => parse(["data\n".repeat(7)], { maxEventLength: 5 })).toThrowError(tooLarge);
  });

  it("agrees with eventsource-parser on any text in any chunks", () => {
    const line = fc.oneof(
      fc.constantFrom("data", "data:", "data: a", "data:  b", "id: 1", "id", "id: \0", "event: e", "event"),
      fc.constantFrom("retry: 10", "retry: x", ": c", ":", "foo: bar", "dataa: b", "", "", ""),
      fc.string({ maxLength: 12 }),
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom("\n", "\r", "\r\n")), { maxLength: 25 })
      .map((lines) => lines.flat().join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 5 }), (text, cuts) => {
        // The reference parser waits for the next character after a CR at the end of its input. The final letter shows
        // that the CR before it is a complete newline.
        const expected: unknown[] = [];
        const other = createParser({ onEvent: (event) => expected.push(event) });
        other.feed(`${text}x`);
        const own = parse(split(`${text}x`, cuts))
          .filter((event) => event.data !== undefined)
          .map(({ id, type, data }) => ({ id, event: type || undefined, data }));
        expect(own).toEqual(expected);
      }),
      { seed: 20111, numRuns: 1000 },
    );
  });

  it("reads back what the encoder writes", () => {
    const name = fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !/[\0\r\n]/.test(text));
    const data = fc.array(
      fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("\r", "\n", "\r\n", ":")),
    );
    const event = fc.record({
      id: name,
      type: name,
      retryMs: fc.nat(),
      data: data.map((parts) => parts.join("")),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 5 }), (events, cuts) => {
        const bytes = events.map(
          (event) => `${encodeComment(event.data).toString()}${encodeEvent(event).toString()}`,
        );
        const expected = events.map((event) => ({ ...event, data: event.data.replace(/\r\n?/g, "\n") }));
        expect(parse(split(bytes.join(""), cuts))).toEqual(expected);
      }),
      { seed: 20112, numRuns: 300 },
    );
  });
});

describe("EventStreamReader", () => {
  const bytes = new TextEncoder().encode(sample);
  const expected = {
    events: [
      { id: "1", type: "news", data: "a\nb" },
      { id: "1", type: "message", data: "", retryMs: 5000 },
      { id: "", type: "message", data: " two spaces" },
      { id: "🚦", type: "message", data: "é日🚦" },
    ],
    lastEventId: "🚦",
  };

  it("reads a stream byte by byte and whole", () => {
    expect(read([bytes])).toEqual(expected);
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it("reads the same wherever the bytes are split", () => {
    for (let at = 0; at <= bytes.length; at += 1)
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]), `split at ${at}`).toEqual(expected);
  });

  it("updates its id for an event with only an id, and reports no event", () => {
    expect(read([encodePosition("#e:9")])).toEqual({ events: [], lastEventId: "#e:9" });
  });

  it("keeps the topics of an event, and that it is a retained value", () => {
    const text = "id: 4\n\ntopic: a\nretained: 7\ndata: x\n\n";
    const event = { id: "4", type: "message", data: "x", topics: ["a"], retained: "7" };
    expect(read([new TextEncoder().encode(text)]).events).toEqual([event]);
  });

  it("reports the heartbeat interval after the stream has announced it", () => {
    const reader = new EventStreamReader({ onEvent: () => undefined });
    expect(reader.heartbeatMs).toBeUndefined();
    reader.push(new TextEncoder().encode("heartbeat: 15000\nheartbeat: soon\n"));
    expect(reader.heartbeatMs).toBe(15_000);
  });

  it("ignores the id of an unfinished event", () => {
    expect(read([new TextEncoder().encode("id: 1\ndata: a\n\nid: 2\ndata: b\n")]).lastEventId).toBe("1");
  });

  it("begins with the last event id of an earlier connection", () => {
    const { events, lastEventId } = read([new TextEncoder().encode("data: a\n\n")], "5");
    expect(events).toEqual([{ id: "5", type: "message", data: "a" }]);
    expect(lastEventId).toBe("5");
  });

  it("treats an empty type as message", () => {
    expect(read([new TextEncoder().encode("event:\ndata: a\n\n")]).events[0]?.type).toBe("message");
  });

  it("replaces invalid bytes, and only one byte order mark is skipped", () => {
    const event = Uint8Array.of(...new TextEncoder().encode("\uFEFFdata: \uFEFFa"), 0xff, 0x0a, 0x0a);
    expect(read([event]).events).toEqual([{ id: "", type: "message", data: "\uFEFFa\uFFFD" }]);
  });
});

function split(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...places, text.length].map((place, index) => text.slice(places[index - 1] ?? 0, place));
}
