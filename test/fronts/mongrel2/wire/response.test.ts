import { describe, expect, it } from "vitest";
import {
  defaultMaxTargets,
  frameConnectionClose,
  frameControl,
  frameDelivery,
  frameTargets,
} from "../../../../src/fronts/mongrel2/wire/response.js";

const refused = expect.objectContaining({ code: "bad-mongrel2-response" });
const uuid = "54c6755b-9628-40a4-9a2d-cc82a816345e";

describe("responses", () => {
  it("name their connections in a netstring, counted in bytes", () => {
    expect(frameTargets(uuid, [7]).toString()).toBe(`${uuid} 1:7, `);
    expect(frameTargets("A-1", [1, 22, 333]).toString()).toBe("A-1 8:1 22 333, ");
  });

  it("take the smallest and the largest id", () => {
    expect(frameTargets("A", [0, 4_294_967_295]).toString()).toBe("A 12:0 4294967295, ");
  });

  it("take 128 ids and refuse one more", () => {
    const ids = Array.from({ length: 129 }, (_, index) => index + 1);
    expect(defaultMaxTargets).toBe(128);
    expect(frameTargets(uuid, ids.slice(0, 128)).toString()).toContain(" 403:1 2 3 ");
    expect(() => frameTargets(uuid, ids)).toThrow(refused);
  });

  it("keep to a lower or higher number of ids where the server is set so", () => {
    expect(() => frameTargets(uuid, [1, 2, 3], 2)).toThrow(refused);
    expect(
      frameTargets(
        uuid,
        Array.from({ length: 200 }, () => 1),
        200,
      ).toString(),
    ).toContain(" 399:1 1 ");
  });

  it.each([[[]], [[-1]], [[1.5]], [[Number.NaN]], [[Infinity]], [[4_294_967_296]], [[1, -1]]])(
    "refuse the ids %j",
    (ids) => {
      expect(() => frameTargets(uuid, ids)).toThrow(refused);
      expect(() => frameControl(uuid, ids, null)).toThrow(refused);
    },
  );

  it.each(["", "a b", "a_b", "é", "a\n", "a,", "x".repeat(65)])("refuse the sender %j", (sender) => {
    expect(() => frameTargets(sender, [1])).toThrow(refused);
    expect(() => frameControl(sender, [1], null)).toThrow(refused);
  });

  it("carry the body as it is, binary and commas included", () => {
    const body = Buffer.from([0, 44, 255, 13, 10]);
    const message = frameDelivery(frameTargets("A", [1]), body);
    expect(message).toEqual(Buffer.concat([Buffer.from("A 1:1, "), body]));
  });

  it("never close by accident: an empty delivery is refused", () => {
    expect(() => frameDelivery(frameTargets("A", [1]), Buffer.alloc(0))).toThrow(refused);
  });

  it("close by an empty body", () => {
    expect(frameConnectionClose(frameTargets("A", [1, 2])).toString()).toBe("A 3:1 2, ");
  });
});

describe("control messages", () => {
  it("carry any control value", () => {
    expect(frameControl("A", [1, 2], new Map([["cancel", 1]])).toString()).toBe(
      "A 5:X 1 2, 23:3:ctl,13:6:cancel,1:1#}]",
    );
  });

  it("take 128 ids beside the X", () => {
    const ids = Array.from({ length: 128 }, () => 1);
    expect(frameControl("A", ids, null).toString()).toContain("A 257:X 1 1");
    expect(() => frameControl("A", [...ids, 1], null)).toThrow(refused);
  });
});
