import { describe, expect, it } from "vitest";
import { decodeUtf8 } from "../../src/base/utf8.js";

describe("decodeUtf8", () => {
  it.each(["", "plain", "zażółć", "日本語", "🚦", "\0\u0001", "\uFEFFmarked"])(
    "decodes %j unchanged",
    (text) => {
      expect(decodeUtf8(Buffer.from(text), "a text")).toBe(text);
    },
  );

  it.each([
    ["a lone continuation byte", [0x80]],
    ["a sequence cut short", [0xe2, 0x82]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point past the last", [0xf4, 0x90, 0x80, 0x80]],
    ["Latin-1", [0x66, 0xfc, 0x72]],
  ])("refuses %s, naming the input", (_name, bytes) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes), "the topic")).toThrowError(
      expect.objectContaining({ code: "bad-publication", message: "the topic is not valid UTF-8" }),
    );
  });

  it("is not disturbed by an input that it refused", () => {
    expect(() => decodeUtf8(Uint8Array.of(0xe2, 0x82), "a text")).toThrowError("not valid");
    expect(decodeUtf8(Buffer.from("next"), "a text")).toBe("next");
  });
});
