import { describe, expect, it } from "vitest";
import { Mongrel2WebSocket } from "../../../src/fronts/mongrel2/mongrel2-websocket.js";
import { Lifetime } from "../../../src/base/lifetime.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import type { MessageResult } from "../../../src/gateway/http/messages.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { endFrames, frameClose, opcodes } from "../../../src/gateway/websocket/frame.js";
import { gatewayRequest } from "../../gateway/request.js";
import { VirtualClock } from "../../support/virtual-clock.js";

interface World {
  readonly client: Mongrel2WebSocket;
  /** Answers the message that is being handled. */
  readonly answer: () => Promise<void>;
}

/** A WebSocket client. Its messages get their answers only when the test calls `answer`. */
function startClient(room: BodyBudget): World {
  const answers: ((result: MessageResult) => void)[] = [];
  const client = new Mongrel2WebSocket({
    dialogue: { onText: () => new Promise((resolve) => answers.push(resolve)) },
    turnBudget: new TurnBudget(new VirtualClock()),
    messageBytes: 100,
    reservation: room.reservationFor(gatewayRequest({}), new Lifetime()),
    onResult: () => true,
    end: () => undefined,
  });
  return {
    client,
    answer: async () => {
      answers.shift()?.({});
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const message = Buffer.alloc(50, "x");

// Bug: Mongrel2 cannot pause reading, so without this limit, the waiting messages of each of 15,000 clients could
// occupy 256 KiB.
describe("what a WebSocket's client sends through Mongrel2 while a message is worked on", () => {
  it("holds room until all of it is answered", async () => {
    const room = new BodyBudget();
    const { client, answer } = startClient(room);
    client.onFrame(opcodes.text, message);
    client.onFrame(opcodes.text, message);
    expect(room.held).toBe(100);
    await answer();
    await answer();
    expect(room.held).toBe(0);
  });

  it("ends the connection where all together hold as much as they may, and gives its room to others", () => {
    const room = new BodyBudget({ requestBytes: 120 });
    const { client } = startClient(room);
    for (let n = 0; n < 3; n += 1) client.onFrame(opcodes.text, message);
    expect(client.lastFrame("stopping")).toEqual(endFrames.full);
    expect(room.held).toBe(0);
  });

  it("holds none any more when the client has gone", () => {
    const room = new BodyBudget();
    const { client } = startClient(room);
    client.onFrame(opcodes.text, message);
    client.over();
    expect(room.held).toBe(0);
  });
});

describe("a message of a kind that the dialogue does not take", () => {
  it("ends the connection with 1003", () => {
    const { client } = startClient(new BodyBudget());
    client.onFrame(opcodes.binary, message);
    expect(client.lastFrame("stopping")).toEqual(frameClose(1003, "messages must be text, not binary"));
  });
});

it("gives bytes to a dialogue that takes them, valid UTF-8 or not", () => {
  const taken: Buffer[] = [];
  const client = new Mongrel2WebSocket({
    dialogue: {
      onBytes: (bytes) => {
        taken.push(bytes);
        return {};
      },
    },
    turnBudget: new TurnBudget(new VirtualClock()),
    messageBytes: 100,
    reservation: new BodyBudget().reservationFor(gatewayRequest({}), new Lifetime()),
    onResult: () => true,
    end: () => undefined,
  });
  const bytes = Buffer.from([0xff, 0xfe]);
  client.onFrame(opcodes.binary, bytes);
  expect(taken).toEqual([bytes]);
  client.onFrame(opcodes.text, message);
  expect(client.lastFrame("stopping")).toEqual(frameClose(1003, "messages must be binary, not text"));
});
