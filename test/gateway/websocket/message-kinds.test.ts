import { describe, expect, it } from "vitest";
import { kindsOf, otherKindReason } from "../../../src/gateway/websocket/message-kinds.js";
import type { SocketMessage } from "../../../src/gateway/websocket/message-kinds.js";
import { MessageQueue } from "../../../src/gateway/websocket/message-queue.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { VirtualClock } from "../../support/virtual-clock.js";

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

it("a queue gives text and bytes to their methods, in order", () => {
  const taken: SocketMessage[] = [];
  const note = (message: SocketMessage) => {
    taken.push(message);
    return {};
  };
  const queue = new MessageQueue({
    dialogue: { onText: note, onBytes: note },
    turnBudget: new TurnBudget(new VirtualClock()),
    onResult: () => true,
    onIdle: () => undefined,
    onOverrun: () => undefined,
  });
  const bytes = Buffer.from([0xff, 0x00]);
  for (const message of ["a", bytes, "b"]) queue.take(message);
  expect(taken).toEqual(["a", bytes, "b"]);
});
