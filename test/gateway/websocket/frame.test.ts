import { expect, it } from "vitest";
import { websocketFormat } from "../../../src/protocols/pharos/websocket-format.js";
import {
  closeCodes,
  emptyPing,
  frameClose,
  framePong,
  frameText,
} from "../../../src/gateway/websocket/frame.js";

it("writes the frame of RFC 6455 5.7", () => {
  expect(frameText("Hello").toString("hex")).toBe("810548656c6c6f");
});

it.each([
  [0, "8100"],
  [125, "817d"],
  [126, "817e007e"],
  [65_535, "817effff"],
  [65_536, "817f0000000000010000"],
])("writes the length of %i bytes in the shortest form", (bytes, header) => {
  const frame = frameText("x".repeat(bytes));
  expect(frame.subarray(0, frame.length - bytes).toString("hex")).toBe(header);
  expect(frame.subarray(frame.length - bytes).every((byte) => byte === 0x78)).toBe(true);
});

it("counts bytes, not characters", () => {
  const text = "größe 🚢";
  expect(frameText(text)).toEqual(Buffer.concat([Buffer.from([0x81, 12]), Buffer.from(text)]));
});

it("writes pings, pongs and closes", () => {
  expect(emptyPing.toString("hex")).toBe("8900");
  expect(framePong(Buffer.from("Hello")).toString("hex")).toBe("8a0548656c6c6f");
  expect(frameClose(closeCodes.goingAway).toString("hex")).toBe("880203e9");
  expect(frameClose(closeCodes.policy, "no").toString("hex")).toBe("880403f06e6f");
});

it("refuses control frames of more than 125 bytes", () => {
  expect(() => framePong(Buffer.alloc(126))).toThrow("at most 125 bytes");
  expect(() => frameClose(closeCodes.policy, "x".repeat(124))).toThrow("at most 125 bytes");
  expect(frameClose(closeCodes.policy, "x".repeat(123))).toHaveLength(127);
});

it("keeps a quiet stream alive with its position and a ping", () => {
  const position = frameText('{"kind":"position","id":"#AAAAAAAA:9"}');
  expect(websocketFormat.position("#AAAAAAAA:9")).toEqual(position);
  expect(websocketFormat.heartbeat("#AAAAAAAA:9")).toEqual(Buffer.concat([position, emptyPing]));
});
