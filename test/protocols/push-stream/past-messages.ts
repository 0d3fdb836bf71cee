import { expect } from "vitest";
import { formatTime } from "../../../src/protocols/push-stream/messages/stamps.js";
import { PushStreamWorld, firstSecond, textsOf } from "../push-stream-world.js";

/** Four messages to `a` and one to `b`, in two seconds: `e1` to `e5`. */
export function past(options: ConstructorParameters<typeof PushStreamWorld>[0] = {}): PushStreamWorld {
  const world = new PushStreamWorld(options);
  world.publish("a", "1", { id: "e1" });
  world.publish("a", "2", { id: "e2" });
  world.publish("b", "3", { id: "e3" });
  world.clock.advance(1000);
  world.publish("a", "4", { id: "e4" });
  world.publish("a", "5", { id: "e5" });
  return world;
}

export type Headers = Readonly<Record<string, string>>;

/** The first messages of a stream, a WebSocket and a poll. All three must have the same messages. */
export async function atOnce(path: string, query = "", headers: Headers = {}): Promise<readonly string[]> {
  const world = past();
  const asked = { ...headers, "x-nginx-pushstream-mode": "polling" };
  const { body } = await world.ask({ path: `/lp/${path}`, query, headers: asked });
  const stream = await world.open({ path: `/ev/${path}`, query, headers });
  const lines = stream.text.split("\n").filter((line) => line.startsWith('data: {"id":'));
  const streamed = textsOf(lines.map((line) => line.slice("data: ".length)).join("\r\n"));
  expect(streamed).toEqual(textsOf(body.toString()));
  const socket = await world.openSocket({ path: `/ws/${path}`, query, headers });
  const messages = socket.messages.filter(({ id }) => id > 0);
  expect(messages.map(({ text }) => decodeURIComponent(text))).toEqual(streamed);
  return streamed;
}

/** The date of the messages' seconds. */
export const at = (second: number): string => formatTime(firstSecond + second);
export const quoted = (text: string): string => encodeURIComponent(text);
