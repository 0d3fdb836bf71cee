import { describe, expect, it } from "vitest";
import {
  encodeEnd,
  encodeGoAway,
  encodeHeaders,
  encodePing,
  encodeReset,
  encodeSettings,
  encodeWindowUpdate,
  settingsAck,
} from "../../../../src/fronts/http2/wire/frames.js";
import { errorCode, settingId } from "../../../../src/fronts/http2/wire/protocol.js";

const ping = Buffer.from("0102030405060708", "hex");

describe("an encoded frame [RFC 9113 6]", () => {
  it.each<[string, Buffer, string]>([
    ["SETTINGS without settings", encodeSettings([]), "000000 04 00 00000000"],
    [
      "SETTINGS",
      encodeSettings([
        [settingId.maxConcurrentStreams, 256],
        [settingId.maxHeaderListSize, 0x12345678],
      ]),
      "00000c 04 00 00000000 0003 00000100 0006 12345678",
    ],
    ["the answer to SETTINGS", settingsAck, "000000 04 01 00000000"],
    ["PING", encodePing(ping, false), "000008 06 00 00000000 0102030405060708"],
    ["the answer to PING", encodePing(ping, true), "000008 06 01 00000000 0102030405060708"],
    [
      "GOAWAY",
      encodeGoAway(0x7fffffff, errorCode.enhanceYourCalm),
      "000008 07 00 00000000 7fffffff 0000000b",
    ],
    ["RST_STREAM", encodeReset(5, errorCode.cancel), "000004 03 00 00000005 00000008"],
    ["WINDOW_UPDATE of the connection", encodeWindowUpdate(0, 1), "000004 08 00 00000000 00000001"],
    [
      "WINDOW_UPDATE of a stream",
      encodeWindowUpdate(0x01020304, 0x7fffffff),
      "000004 08 00 01020304 7fffffff",
    ],
    ["the end of a stream", encodeEnd(7), "000000 00 01 00000007"],
    ["HEADERS", encodeHeaders(3, Buffer.from("88", "hex"), false), "000001 01 04 00000003 88"],
    ["HEADERS without a body", encodeHeaders(3, Buffer.from("88", "hex"), true), "000001 01 05 00000003 88"],
    ["HEADERS of no fields", encodeHeaders(3, Buffer.alloc(0), true), "000000 01 05 00000003"],
  ])("is that of the standard: %s", (_name, bytes, expected) => {
    expect(bytes.toString("hex")).toBe(expected.replaceAll(" ", ""));
  });

  it.each([
    [16_384, ["004000 01 05 00000009"]],
    [16_385, ["004000 01 01 00000009", "000001 09 04 00000009"]],
    [32_768, ["004000 01 01 00000009", "004000 09 04 00000009"]],
    [40_000, ["004000 01 01 00000009", "004000 09 00 00000009", "001c40 09 04 00000009"]],
  ])("has CONTINUATION behind it for a block of %i bytes", (length, heads) => {
    const block = Buffer.alloc(length, "x");
    const bytes = encodeHeaders(9, block, true);
    const got: Buffer[] = [];
    let at = 0;
    for (const head of heads) {
      expect(bytes.subarray(at, at + 9).toString("hex")).toBe(head.replaceAll(" ", ""));
      const end = at + 9 + bytes.readUIntBE(at, 3);
      got.push(bytes.subarray(at + 9, end));
      at = end;
    }
    expect(at).toBe(bytes.length);
    expect(Buffer.concat(got)).toEqual(block);
  });
});
