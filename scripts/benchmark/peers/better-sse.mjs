import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";
import { takeLines } from "./lines.mjs";

const channels = new Map();

/** One channel per topic, as the documentation of better-sse shows. */
function channelOf(topic) {
  const existing = channels.get(topic);
  if (existing !== undefined) return existing;
  const channel = createChannel();
  channels.set(topic, channel);
  return channel;
}

const server = createServer((request, response) => {
  const topic = new URL(request.url, "http://localhost").searchParams.get("topic") ?? "0";
  createSession(request, response, { serializer: String }).then(
    (session) => channelOf(topic).register(session),
    () => response.destroy(),
  );
});

takeLines(server, (topic, payload) => channelOf(topic).broadcast(payload));
