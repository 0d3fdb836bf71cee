import { Pull } from "zeromq";
import { expect, onTestFinished, test } from "vitest";
import { parsePayload } from "./load/payload.js";
import { lastSequence, startProducer } from "./producer.js";

async function pull(): Promise<{ socket: Pull; endpoint: string }> {
  const socket = new Pull({ linger: 0, receiveHighWaterMark: 10 });
  await socket.bind("tcp://127.0.0.1:*");
  onTestFinished(() => socket.close());
  return { socket, endpoint: socket.lastEndpoint ?? "" };
}

async function receive(socket: Pull, count: number): Promise<string[][]> {
  const frames: string[][] = [];
  while (frames.length < count) frames.push((await socket.receive()).map(String));
  return frames;
}

test("a producer without topics sends event-stream text, counting from the number it is told", async () => {
  const { socket, endpoint } = await pull();
  const producer = await startProducer({ endpoint, count: 3, bytes: 80, lineEnd: "\r\n", firstSequence: 7 });
  const sent = await producer.done({ within: 60_000 });
  expect([sent.sent, lastSequence(sent)]).toEqual([3, 9]);
  const frames = await receive(socket, 3);
  const payloads = frames.map(([text]) => parsePayload(/^data: (.*)\r\n$/.exec(text ?? "")?.[1] ?? ""));
  expect(payloads.map((payload) => [payload?.sequence, payload?.stream, payload?.bytes])).toEqual([
    [7, "load", 80],
    [8, "load", 80],
    [9, "load", 80],
  ]);
});

test("topics are published to in turn, each with a sequence of its own", async () => {
  const { socket, endpoint } = await pull();
  const topics = [
    { topic: "a", stream: "a" },
    { topic: "b", stream: "b" },
  ];
  await startProducer({ endpoint, count: 4, topics, options: { retain: true } });
  const frames = await receive(socket, 4);
  expect(frames.map(([topic, data, options]) => [topic, data?.split(" ")[0], options])).toEqual([
    ["a", "1", '{"retain":true}'],
    ["b", "1", '{"retain":true}'],
    ["a", "2", '{"retain":true}'],
    ["b", "2", '{"retain":true}'],
  ]);
});

test("a producer that nobody reads from stops sending, and stops when told", async () => {
  const { endpoint } = await pull();
  const producer = await startProducer({ endpoint, bytes: 65_536, sendHighWaterMark: 10 });
  let before = -1;
  await expect
    .poll(
      async () => {
        const { sent } = await producer.state();
        const still = sent === before;
        before = sent;
        return still;
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe(true);
  const stopped = await producer.stop();
  expect(stopped.sent).toBeLessThan(2000);
  expect((await producer.done({ within: 60_000 })).sent).toBe(stopped.sent);
});
