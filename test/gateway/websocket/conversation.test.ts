import { expect, it } from "vitest";
import { Lifetime } from "../../../src/base/lifetime.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { TurnRotation } from "../../../src/gateway/limits/turn-rotation.js";
import type { MessageResult } from "../../../src/gateway/http/messages.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import { Conversation } from "../../../src/gateway/websocket/conversation.js";
import { FrameParser } from "../../../src/gateway/websocket/frame-parser.js";
import { clientFrame } from "../../support/web-socket.js";
import { gatewayRequest } from "../request.js";

/** A clock that advances by a millisecond with each reading. Turns end when the test ends them. */
class Turns {
  #nowMs = 0;
  #actions: (() => void)[] = [];
  readonly timers = new Set<() => void>();

  monotonic(): number {
    this.#nowMs += 1;
    return this.#nowMs;
  }

  endOfTurn(action: () => void): void {
    this.#actions.push(action);
  }

  after(_delayMs: number, action: () => void): { cancel(): void } {
    this.timers.add(action);
    return { cancel: () => void this.timers.delete(action) };
  }

  end(): void {
    for (const action of this.#actions.splice(0)) action();
  }
}

interface Talk {
  readonly conversation: Conversation;
  readonly parser: FrameParser;
  readonly lifetime: Lifetime;
  /** The answers to messages, and `pongs` for each call with pings. */
  readonly said: string[];
  readonly idle: () => number;
  readonly lastFrames: Buffer[];
  /** Sends these texts in one read of the socket. */
  readonly say: (texts: readonly string[]) => void;
}

interface TalkOptions {
  readonly turns: Turns;
  readonly rotation: TurnRotation;
  readonly answer?: (said: MessageResult) => MessageResult | Promise<MessageResult>;
  /** After this many answers the conversation waits for {@link Conversation.flushed}. */
  readonly room?: number;
}

function talk({
  turns,
  rotation,
  answer = (said) => said,
  room = Number.POSITIVE_INFINITY,
}: TalkOptions): Talk {
  const said: string[] = [];
  const lastFrames: Buffer[] = [];
  let idle = 0;
  const lifetime = new Lifetime();
  const parser = new FrameParser({
    kinds: ["text"],
    messageBytes: 1000,
    waitingBytes: 10_000,
    isMasked: true,
    reserve: () => new BodyBudget().reservationFor(gatewayRequest({}), lifetime),
  });
  const conversation = new Conversation({
    parser,
    dialogue: {
      onText: (text) => answer({ answer: Buffer.from(text), abandoned: () => void said.push("abandoned") }),
    },
    clock: turns,
    turns: rotation,
    lifetime,
    onResult: ({ answer: bytes }) => said.push(String(bytes)) % room !== 0,
    onPings: () => said.push("pongs") % room !== 0,
    onIdle: () => (idle += 1),
    onEnd: (lastFrame) => lastFrames.push(lastFrame),
  });
  conversation.flushed();
  const say = (texts: readonly string[]): void => {
    parser.add(Buffer.concat(texts.map((text) => clientFrame({ opcode: 1, payload: Buffer.from(text) }))));
    conversation.run();
  };
  return { conversation, parser, lifetime, said, idle: () => idle, lastFrames, say };
}

function world(): { readonly turns: Turns; readonly rotation: TurnRotation } {
  const turns = new Turns();
  return { turns, rotation: new TurnRotation(new TurnBudget(turns)) };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));
const closeFrame = clientFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) });

it("handles no more messages in a turn than it has time for, and the rest in later turns, in order", () => {
  // One read of a socket returned 9,000 messages of one client. The hub handled all 9,000 in one turn, and so blocked
  // all other clients for 4 s.
  const { turns, rotation } = world();
  const { conversation, said, idle, say } = talk({ turns, rotation });
  say(numbers(100));
  const idleBefore = idle();
  expect(said.length).toBeLessThan(10);
  expect(conversation.isBusy).toBe(true);
  for (let turn = 0; turn < 50; turn += 1) {
    const before = said.length;
    turns.end();
    expect(said.length - before).toBeLessThan(10);
  }
  expect(said).toEqual(numbers(100));
  expect(conversation.isBusy).toBe(false);
  expect(idle()).toBe(idleBefore + 1);
});

it("pauses too when each message has a promise", async () => {
  // Promises that are already resolved continue in the same turn, one after the other.
  const { said, say } = talk({ ...world(), answer: async (later) => later });
  say(numbers(100));
  await new Promise(setImmediate);
  expect(said.length).toBeGreaterThan(0);
  expect(said.length).toBeLessThan(10);
});

it("handles a message of another client in the next turn, however much one client sends", () => {
  // Bug: 20 clients that sent pings as fast as they could delayed all others by 9 s.
  const { turns, rotation } = world();
  const greedy = Array.from({ length: 3 }, () => talk({ turns, rotation }));
  for (const each of greedy) each.say(numbers(100));
  const other = talk({ turns, rotation });
  other.say(["a"]);
  turns.end();
  expect(other.said).toEqual(["a"]);
});

it("answers pings of one step together, and lets others in between", () => {
  const { turns, rotation } = world();
  const flooding = talk({ turns, rotation });
  const ping = clientFrame({ opcode: 9, payload: Buffer.from("1") });
  flooding.parser.add(Buffer.concat(Array.from({ length: 9000 }, () => ping)));
  flooding.conversation.run();
  const stepsBefore = flooding.said.length;
  expect(stepsBefore).toBeLessThan(10);
  const other = talk({ turns, rotation });
  other.say(["a"]);
  turns.end();
  expect(other.said).toEqual(["a"]);
  for (let turn = 0; turn < 300; turn += 1) turns.end();
  expect(flooding.said).toEqual(Array.from({ length: Math.ceil(9000 / 32) }, () => "pongs"));
  expect(flooding.conversation.isBusy).toBe(false);
});

it("handles all messages before a close frame, and none after it", async () => {
  const { turns, rotation } = world();
  const { parser, conversation, said, lastFrames, lifetime, say } = talk({
    turns,
    rotation,
    answer: async (later) => later,
  });
  say(numbers(10));
  parser.add(closeFrame);
  parser.add(clientFrame({ opcode: 1, payload: Buffer.from("late") }));
  conversation.run();
  for (let turn = 0; turn < 30; turn += 1) {
    await new Promise(setImmediate);
    turns.end();
  }
  expect(said).toEqual(numbers(10));
  expect(lastFrames).toHaveLength(1);
  expect(lifetime.isOver).toBe(true);
});

it("handles the messages of a client that has gone, and abandons their results", () => {
  const { turns, rotation } = world();
  const { conversation, said, lifetime, say } = talk({ turns, rotation });
  say(numbers(20));
  const answered = said.length;
  conversation.left();
  for (let turn = 0; turn < 20; turn += 1) turns.end();
  expect(said).toEqual([...numbers(20).slice(0, answered), ...numbers(20 - answered).map(() => "abandoned")]);
  expect([lifetime.isOver, turns.timers.size]).toEqual([true, 0]);
});

it("gives up on the messages of a client that has gone, if they take too long", () => {
  const { turns, rotation } = world();
  const { conversation, lifetime, say } = talk({
    turns,
    rotation,
    answer: () => new Promise(() => undefined),
  });
  say(["a", "b"]);
  conversation.left();
  expect(lifetime.isOver).toBe(false);
  for (const action of turns.timers) action();
  expect(lifetime.isOver).toBe(true);
});

it("says nothing more when the hub has ended it while messages waited", () => {
  const { turns, rotation } = world();
  const { conversation, said, say } = talk({ turns, rotation });
  say(numbers(100));
  const before = said.length;
  expect(conversation.hasUnanswered).toBe(true);
  conversation.end();
  for (let turn = 0; turn < 10; turn += 1) turns.end();
  expect(said.length).toBe(before);
});

it("waits while its answers have no room, and goes on when they have been written", () => {
  const { turns, rotation } = world();
  const { conversation, said, idle, say } = talk({ turns, rotation, room: 3 });
  const idleBefore = idle();
  say(numbers(7));
  for (const there of [3, 6, 7, 7]) {
    for (let turn = 0; turn < 5; turn += 1) turns.end();
    expect(said).toEqual(numbers(7).slice(0, there));
    expect(conversation.isBusy).toBe(there < 7);
    conversation.flushed();
  }
  expect(idle()).toBe(idleBefore + 1);
});
