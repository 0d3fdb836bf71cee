import { describe, expect, it } from "vitest";
import { curveKeyPair } from "zeromq";
import {
  createKeyPair,
  parseCurveClient,
  parseCurveServer,
  parseKey,
} from "../../../src/zeromq/curve/keys.js";
import { PharosError } from "../../../src/base/errors.js";

const pair = createKeyPair();
const other = createKeyPair();

/** The error message for refused keys. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-curve-key") return error.message;
    throw error;
  }
  throw new Error("it was taken");
}

describe("keys", () => {
  it("are those of ZeroMQ", () => {
    for (let n = 0; n < 100; n += 1) {
      const { publicKey, secretKey } = curveKeyPair();
      expect(parseCurveServer({ secretKey }, "keys")).toEqual({ publicKey, secretKey, clients: undefined });
    }
  });

  it("are new each time", () => {
    expect(pair).toEqual({
      publicKey: expect.stringMatching(/^\S{40}$/),
      secretKey: expect.stringMatching(/^\S{40}$/),
    });
    expect(new Set([pair.publicKey, pair.secretKey, other.publicKey, other.secretKey]).size).toBe(4);
  });

  it("of a hub may list its clients", () => {
    const { clients } = parseCurveServer({ ...pair, clients: [other.publicKey, other.publicKey] }, "keys");
    expect(clients).toEqual(new Set([other.publicKey]));
  });

  it("of a publisher name the hub's", () => {
    const keys = { secretKey: pair.secretKey, serverKey: other.publicKey };
    expect(parseCurveClient(keys, "keys")).toEqual({ ...pair, serverKey: other.publicKey });
  });

  it.each<[string, unknown, RegExp]>([
    ["no object", [], /keys must be a JSON object of secretKey, publicKey, clients/],
    ["null", null, /must be a JSON object/],
    ["nothing", {}, /secretKey in keys is missing; it must be a key of 40 Z85 characters/],
    ["a number", { secretKey: 1 }, /secretKey in keys must be a key of 40/],
    ["a short key", { secretKey: "abc" }, /secretKey in keys must be a key of 40/],
    [
      "a key that says more than 32 bytes",
      { secretKey: "#".repeat(40) },
      /secretKey in keys must be a key of 40/,
    ],
    [
      "letters that Z85 has not",
      { secretKey: `${"a".repeat(39)}~` },
      /secretKey in keys must be a key of 40/,
    ],
    ["another's public key", { ...pair, publicKey: other.publicKey }, /publicKey in keys does not belong/],
    ["clients that are none", { ...pair, clients: other.publicKey }, /clients in keys must be a list/],
    ["an empty list of clients", { ...pair, clients: [] }, /clients in keys must be a list of at least one/],
    [
      "a client that is none",
      { ...pair, clients: [other.publicKey, "x"] },
      /clients\[1\] in keys must be a key of 40/,
    ],
    ["a publisher's file", { ...pair, serverKey: other.publicKey }, /"serverKey" in keys is unknown/],
  ])("of a hub are not %s", (_, input, message) => {
    const text = refusal(() => parseCurveServer(input, "keys"));
    expect(text).toMatch(message);
    expect(text).not.toContain(pair.secretKey);
  });

  it.each<[string, unknown, RegExp]>([
    ["without the hub's", pair, /serverKey in keys is missing/],
    [
      "of a hub",
      { ...pair, clients: [] },
      /"clients" in keys is unknown; allowed are secretKey, publicKey, serverKey/,
    ],
  ])("of a publisher are not those %s", (_, input, message) => {
    expect(refusal(() => parseCurveClient(input, "keys"))).toMatch(message);
  });

  it("are never repeated in a message", () => {
    const almost = pair.secretKey.slice(1);
    expect(refusal(() => parseKey(almost, "the key"))).not.toContain(almost);
  });
});
