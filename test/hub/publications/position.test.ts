import { describe, expect, it } from "vitest";
import { formatPosition, parseEpoch, parsePosition } from "../../../src/hub/publications/position.js";

describe("a position", () => {
  it.each(["#e:0", "#e:1", "#A-z_9:12345", `#${"e".repeat(32)}:9007199254740991`])(
    "%s reads as written",
    (text) => {
      const position = parsePosition(text);
      expect(position === undefined ? undefined : formatPosition(position)).toBe(text);
    },
  );

  it.each([
    "",
    "#",
    "e:1",
    "#e",
    "#e:",
    "#:1",
    "#e:01",
    "#e:-1",
    "#e:+1",
    "#e:1.0",
    "#e:1e3",
    "#e:0x1",
    "#e:9007199254740992",
    "#e:99999999999999999",
    "#e: 1",
    " #e:1",
    "#e:1 ",
    "#e:1\n",
    "#a.b:1",
    "#é:1",
    "#a:b:1",
    `#${"e".repeat(33)}:1`,
    "earliest",
  ])("is not read from %j", (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });

  it.each(["", "a b", "a.b", "a:b", "é", "e\n", "e".repeat(33)])("has no epoch %j", (text) => {
    expect(parseEpoch(text)).toBeUndefined();
  });
});
