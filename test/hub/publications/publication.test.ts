import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/base/errors.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import type { PublicationInput } from "../../../src/hub/publications/publication.js";

const plain: PublicationInput = { topics: ["news"], data: "hello" };

describe("parsePublication", () => {
  it("takes the least that there is", () => {
    expect(parsePublication({ topics: ["news"] })).toEqual({
      topics: ["news"],
      data: "",
      retain: false,
      private: false,
    });
  });

  it("takes everything that there is", () => {
    const input = { ...plain, id: "7", type: "t", retry: "5000", retain: true, private: true };
    const { retry: _retry, ...rest } = input;
    expect(parsePublication(input)).toEqual({ ...rest, retryMs: 5000 });
  });

  it("names each topic once and keeps the first first", () => {
    expect(parsePublication({ topics: ["b", "a", "b"] }).topics).toEqual(["b", "a"]);
  });

  it("has no id and no type where they are empty", () => {
    expect(Object.keys(parsePublication({ ...plain, id: "", type: "" }))).not.toContain("id");
  });

  it.each(["a\nb", "a\r\nb", "\0", "日本語🚦", "\ufeff", "", "id: 1\n\n"])(
    "takes the data %j unchanged",
    (data) => {
      expect(parsePublication({ ...plain, data }).data).toBe(data);
    },
  );

  it.each([100, 3_600_000, "100", "3600000", "0100"])("takes the reconnection time %j", (retry) => {
    expect(parsePublication({ ...plain, retry }).retryMs).toBe(Number(retry));
  });

  it.each(["Earliest", "a b", "a#", "urn:uuid:1", "é", "x".repeat(256)])("takes the id %j", (id) => {
    expect(parsePublication({ ...plain, id }).id).toBe(id);
  });

  it.each(["pharos", "Mercure", "message", "xpharos-", "open", "error"])("takes the type %j", (type) => {
    expect(parsePublication({ ...plain, type }).type).toBe(type);
  });

  const refused: readonly (readonly [string, ErrorCode, PublicationInput])[] = [
    ["no topic", "bad-topic", { topics: [] }],
    ["an empty topic", "bad-topic", { topics: [""] }],
    ["the topic *", "bad-topic", { topics: ["news", "*"] }],
    ["the hub's own path as a topic", "bad-topic", { topics: ["/esupdates"] }],
    ["a control character in a topic", "bad-topic", { topics: ["a\u0000"] }],
    ["invalid UTF-8 in a topic", "bad-topic", { topics: ["\ud800"] }],
    ["101 topics", "too-large", { topics: Array.from({ length: 101 }, (_, index) => `t${index}`) }],
    ["an id that starts with #", "bad-event-id", { ...plain, id: "#1" }],
    ["an id that is a position", "bad-event-id", { ...plain, id: "#e:1" }],
    ["the id earliest", "bad-event-id", { ...plain, id: "earliest" }],
    ["a newline in an id", "bad-event-id", { ...plain, id: "1\nretry: 0" }],
    ["CR in an id", "bad-event-id", { ...plain, id: "1\r" }],
    ["NUL in an id", "bad-event-id", { ...plain, id: "1\0" }],
    ["invalid UTF-8 in an id", "bad-event-id", { ...plain, id: "\udc00" }],
    ["a topic of 1,025 bytes", "too-large", { ...plain, topics: ["x".repeat(1025)] }],
    ["an id of 257 bytes", "too-large", { ...plain, id: "x".repeat(257) }],
    ["an id of 129 characters of two bytes", "too-large", { ...plain, id: "é".repeat(129) }],
    ["a type of the hub", "bad-event-type", { ...plain, type: "pharos-gap" }],
    ["any type that begins as the hub's", "bad-event-type", { ...plain, type: "pharos-" }],
    ["the type mercure", "bad-event-type", { ...plain, type: "mercure" }],
    ["a newline in a type", "bad-event-type", { ...plain, type: "a\n" }],
    ["invalid UTF-8 in a type", "bad-event-type", { ...plain, type: "\ud83d" }],
    ["a type of 257 bytes", "too-large", { ...plain, type: "x".repeat(257) }],
    ["invalid UTF-8 in data", "bad-publication", { ...plain, data: "a\ud800b" }],
    ["data over 1 MiB", "too-large", { ...plain, data: "x".repeat(1024 * 1024 + 1) }],
    ["data over 1 MiB once encoded", "too-large", { ...plain, data: "日".repeat(349_526) }],
    ...[
      99,
      3_600_001,
      100.5,
      -1,
      0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "99",
      "",
      "1e3",
      "0x100",
      "-100",
      " 100",
      "1000 ",
      "99999999999",
    ].map(
      (retry) =>
        [`the reconnection time ${JSON.stringify(retry)}`, "bad-retry", { ...plain, retry }] as const,
    ),
    ...[0, 31_536_001, 1.5, -1, Number.NaN, "", "0", "1.5", "60s", " 60", "1e3"].map(
      (ttl) => [`the ttl ${JSON.stringify(ttl)}`, "bad-ttl", { ...plain, ttl }] as const,
    ),
  ];
  it.each(refused)("refuses %s", (_name, code, input) => {
    expect(() => parsePublication(input)).toThrowError(expect.objectContaining({ code }));
  });

  it("names a reserved type, shortened and escaped, and the allowed types", () => {
    const type = `pharos-\u001b${"x".repeat(100)}`;
    const named = JSON.stringify(`pharos-\u001b${"x".repeat(32)}`);
    expect(() => parsePublication({ ...plain, type })).toThrowError(
      `the event type ${named} is reserved; allowed are all types except mercure and those that begin with pharos-`,
    );
  });

  it.each([1, "1", 31_536_000, "31536000"])("takes the ttl %j", (ttl) => {
    expect(parsePublication({ ...plain, ttl }).ttlSeconds).toBe(Number(ttl));
  });

  it("takes data of exactly 1 MiB", () => {
    expect(parsePublication({ ...plain, data: "x".repeat(1024 * 1024) }).data.length).toBe(1024 * 1024);
  });
});
