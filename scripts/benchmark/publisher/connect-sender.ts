import type { PublisherSpec } from "../candidate/publisher-spec.js";
import { connectHttp } from "./http-sender.js";
import type { Sender } from "./sender.js";
import { connectTcp } from "./tcp-sender.js";
import { connectZeromq } from "./zeromq-sender.js";

/**
 * Connects to a server's publishing port. Over TCP and HTTP, the function rejects if no server listens on the port;
 * over ZeroMQ it does not.
 */
export async function connectSender(spec: PublisherSpec): Promise<Sender> {
  switch (spec.kind) {
    case "pharos":
      return connectZeromq(spec.endpoint, (stream, payload) => [forStream(spec.topic, stream), payload]);
    case "pushpin":
      return connectZeromq(spec.endpoint, (stream, payload) => [
        pushpinItem(forStream(spec.channel, stream), payload),
      ]);
    case "http":
      return connectHttp(spec.port, (stream) => forStream(spec.path, stream));
    case "lines":
      return connectTcp(spec.port, (stream, payload) => `${stream} ${payload}\n`);
    case "events":
      return connectTcp(spec.port, (_stream, payload) => `data: ${payload}\n\n`);
    default:
      return unknownKind(spec);
  }
}

function forStream(template: string, stream: number): string {
  return template.replace("{stream}", `${stream}`);
}

/** A message for Pushpin's PULL socket: "J" and a publish item in JSON. */
function pushpinItem(channel: string, payload: string): string {
  return `J${JSON.stringify({ channel, formats: { "http-stream": { content: `data: ${payload}\n\n` } } })}`;
}

function unknownKind(spec: never): never {
  throw new TypeError(`unknown kind of publisher: ${JSON.stringify(spec)}`);
}
