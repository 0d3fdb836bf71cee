import { clientLeft } from "../../access-log/access-line.js";
import type { AccessLog, OpenAccess } from "../../access-log/access-log.js";
import type { StreamStart, GatewayRequest } from "../../gateway/http/messages.js";
import type { StreamId } from "./link-channel.js";
import { StreamBytes } from "./stream-bytes.js";

interface OpenRequest {
  readonly access: OpenAccess;
  reply: { readonly status: number; readonly bytes: number } | undefined;
  stream: Pick<StreamStart, "dialogue" | "topics"> | undefined;
}

/** Tells the access log of the requests and streams of one link. A connection has one open request at a time. */
export class LinkAccess {
  readonly bytes = new StreamBytes();
  readonly #log: AccessLog;
  readonly #open = new Map<StreamId, OpenRequest>();

  constructor(log: AccessLog) {
    this.#log = log;
  }

  /** Call this when the front begins to answer a request. Pass on the returned request: it tells the token's subject. */
  begin(id: StreamId, request: GatewayRequest): GatewayRequest {
    const access = this.#log.begin(request);
    this.#open.set(id, { access, reply: undefined, stream: undefined });
    return { ...request, identified: (subject) => void (access.subject = subject) };
  }

  /** Call this when the front begins to answer bytes that are no request. */
  beginUnread(id: StreamId): void {
    const access = this.#log.begin({ front: "mongrel2", peer: undefined });
    this.#open.set(id, { access, reply: undefined, stream: undefined });
  }

  /** Call this when the front begins to send a response. */
  replied(id: StreamId, reply: { readonly status: number; readonly bytes: number }): void {
    const open = this.#open.get(id);
    if (open !== undefined) open.reply = reply;
  }

  /** Call this when the response is a stream. */
  streams(id: StreamId, stream: Pick<StreamStart, "dialogue" | "topics">): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.stream = stream;
    open.access.becomeStream(() => this.ended(id));
  }

  /** Call this when the whole response is sent. */
  answered(id: StreamId): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    if (open?.reply !== undefined) open.access.end(open.reply);
  }

  /** Call this when the connection has ended. */
  ended(id: StreamId): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    const bytes = this.bytes.take(id);
    if (open === undefined) return;
    const { access, stream, reply } = open;
    if (stream === undefined)
      return access.end({ ...(reply ?? { status: clientLeft, bytes: 0 }), isComplete: false });
    const isWebSocket = stream.dialogue !== undefined;
    access.end({
      kind: isWebSocket ? "websocket" : "stream",
      status: isWebSocket ? 101 : 200,
      bytes,
      topics: stream.topics,
    });
  }
}
