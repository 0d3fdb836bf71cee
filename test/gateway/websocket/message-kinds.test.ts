import { describe, expect, it } from "vitest";
import { kindsOf, otherKindReason } from "../../../src/gateway/websocket/message-kinds.js";

const take = () => ({});

describe("a dialogue", () => {
  it.each([
    [{ onText: take }, ["text"], "messages must be text, not binary"],
    [{ onBytes: take }, ["binary"], "messages must be binary, not text"],
  ])("takes the kinds of messages that it has methods for", (dialogue, kinds, reason) => {
    expect(kindsOf(dialogue)).toEqual(kinds);
    expect(otherKindReason(kindsOf(dialogue), kinds.includes("text") ? "binary" : "text")).toBe(reason);
  });

  it("may take both kinds", () => {
    expect(kindsOf({ onText: take, onBytes: take })).toEqual(["text", "binary"]);
  });
});
