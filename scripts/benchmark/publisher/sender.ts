import type { PublisherSpec } from "../candidate/candidate.js";
import { connectHttp } from "./http-sender.js";
import { connectTcp } from "./tcp-sender.js";
import { connectZeromq } from "./zeromq-sender.js";

/** Hands publications to a server in its native way. */
export interface Sender {
  /** Returns a promise only when the server takes no more for now; wait for it before the next. */
  send(stream: number, payload: string): Promise<void> | undefined;
}

/** Connects. Rejects when nobody listens there; over ZeroMQ nobody can tell. */
export async function connectSender(spec: PublisherSpec): Promise<Sender> {
  switch (spec.kind) {
    case "pharos":
      return connectZeromq(spec.endpoint, (stream, payload) => [inPlace(spec.topic, stream), payload]);
    case "pushpin":
      return connectZeromq(spec.endpoint, (stream, payload) => [
        pushpinItem(inPlace(spec.channel, stream), payload),
      ]);
    case "http":
      return connectHttp(spec.port, (stream) => inPlace(spec.path, stream));
    case "lines":
      return connectTcp(spec.port, (stream, payload) => `${stream} ${payload}\n`);
    case "events":
      return connectTcp(spec.port, (_stream, payload) => `data: ${payload}\n\n`);
    default:
      return unknownKind(spec);
  }
}

function inPlace(template: string, stream: number): string {
  return template.replace("{stream}", `${stream}`);
}

/** What pushpin's PULL socket takes: "J" and a publish item. */
function pushpinItem(channel: string, payload: string): string {
  return `J${JSON.stringify({ channel, formats: { "http-stream": { content: `data: ${payload}\n\n` } } })}`;
}

function unknownKind(spec: never): never {
  throw new TypeError(`no such publisher: ${JSON.stringify(spec)}`);
}
