import { expect, it } from "vitest";
import { MessageQueue } from "../../../src/gateway/websocket/message-queue.js";
import type { MessageResult } from "../../../src/gateway/http/messages.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";

/** A clock that advances by a millisecond with each reading. Turns end when the test ends them. */
class Turns {
  #nowMs = 0;
  #actions: (() => void)[] = [];

  monotonic(): number {
    this.#nowMs += 1;
    return this.#nowMs;
  }

  endOfTurn(action: () => void): void {
    this.#actions.push(action);
  }

  end(): void {
    for (const action of this.#actions.splice(0)) action();
  }
}

interface Talk {
  readonly conversation: MessageQueue;
  /** The answers. */
  readonly said: string[];
  readonly idle: () => number;
  readonly overruns: () => number;
}

/** @param room after this many answers the queue waits for {@link MessageQueue.flushed} */
function talk(
  turnBudget: TurnBudget,
  answer = (said: MessageResult): MessageResult | Promise<MessageResult> => said,
  room = Number.POSITIVE_INFINITY,
): Talk {
  const said: string[] = [];
  let idle = 0;
  let overruns = 0;
  const conversation = new MessageQueue({
    dialogue: { onText: (text) => answer({ answer: Buffer.from(text) }) },
    turnBudget,
    onResult: ({ answer: bytes }) => said.push(String(bytes)) % room !== 0,
    onIdle: () => (idle += 1),
    onOverrun: () => (overruns += 1),
  });
  return { conversation, said, idle: () => idle, overruns: () => overruns };
}

it("works on no more messages in a turn than it has time for, and on the rest in the next ones, in order", () => {
  // One read of a socket returned 9,000 messages of one client. The hub handled all 9,000 in one turn, and so blocked
  // all other clients for 4 s.
  const turns = new Turns();
  const { conversation, said, idle } = talk(new TurnBudget(turns));
  const messages = Array.from({ length: 100 }, (_, index) => String(index));
  for (const message of messages) conversation.take(message);
  expect(said.length).toBeLessThan(10);
  expect(conversation.isBusy).toBe(true);
  for (let turn = 0; turn < 50; turn += 1) {
    const before = said.length;
    turns.end();
    expect(said.length - before).toBeLessThan(10);
  }
  expect(said).toEqual(messages);
  expect(conversation.isBusy).toBe(false);
  expect(idle()).toBe(1);
});

it("rests too where each message is waited for", async () => {
  // Promises that are already resolved continue in the same turn, one after the other.
  const turns = new Turns();
  const { conversation, said } = talk(new TurnBudget(turns), async (later) => later);
  for (let index = 0; index < 100; index += 1) conversation.take(String(index));
  await new Promise(setImmediate);
  expect(said.length).toBeGreaterThan(0);
  expect(said.length).toBeLessThan(10);
});

it("gives every client at least one message in a turn, whoever has used up its time", () => {
  const turns = new Turns();
  const time = new TurnBudget(turns);
  const greedy = talk(time);
  const other = talk(time);
  for (let index = 0; index < 100; index += 1) greedy.conversation.take(String(index));
  for (const message of ["a", "b"]) other.conversation.take(message);
  expect(other.said).toEqual(["a"]);
  turns.end();
  expect(other.said).toEqual(["a", "b"]);
});

it("keeps as many messages as one read of a socket brings, and no more", () => {
  const { conversation, overruns } = talk(new TurnBudget(new Turns()));
  for (let index = 0; index < 4096; index += 1) conversation.take("x");
  expect(overruns()).toBe(0);
  for (let index = 0; index < 100; index += 1) conversation.take("x");
  expect(overruns()).toBe(1);
});

it("says nothing more when it has ended while messages waited", () => {
  const turns = new Turns();
  const { conversation, said, idle } = talk(new TurnBudget(turns));
  for (let index = 0; index < 100; index += 1) conversation.take(String(index));
  const before = said.length;
  conversation.end();
  turns.end();
  expect(said.length).toBe(before);
  expect(idle()).toBe(0);
});

it("waits while its answers have no room, and goes on when they have gone out", () => {
  const turns = new Turns();
  const { conversation, said, idle } = talk(new TurnBudget(turns), undefined, 3);
  const messages = Array.from({ length: 7 }, (_, index) => String(index));
  for (const message of messages) conversation.take(message);
  for (const there of [3, 6, 7, 7]) {
    for (let turn = 0; turn < 5; turn += 1) turns.end();
    expect(said).toEqual(messages.slice(0, there));
    expect(conversation.isBusy).toBe(there < 7);
    conversation.flushed();
  }
  expect(idle()).toBe(1);
});
