import type { Connection } from "../../delivery/connection.js";
import { RequestQueue } from "../../gateway/limits/request-queue.js";
import type { StreamId } from "./link-channel.js";
import type { Mongrel2WebSocket } from "./mongrel2-websocket.js";
import type { PendingRequest } from "./pending-request.js";

/** A request that could not be read. */
export type Unreadable = "malformed" | "too-large";

export type ClientRequest = PendingRequest | Unreadable;

/** A client's connection to the server, with unanswered requests or an open stream. */
export interface Client {
  readonly id: number;
  /** A request counts as answered when the server has accepted the whole answer. */
  readonly requests: RequestQueue<ClientRequest>;
  /** The part of the answer that is not sent yet. */
  rest: Buffer;
  /** The request that the gateway has not answered yet. */
  unanswered: PendingRequest | undefined;
  closing: boolean;
  stream: Connection<StreamId> | undefined;
  /** True if the bytes of the stream are chunks. */
  isChunked: boolean;
  /** Set if the stream is a WebSocket. */
  webSocket: Mongrel2WebSocket | undefined;
  extraRequests: number;
}

export function createClient(id: number): Client {
  return {
    id,
    requests: new RequestQueue(),
    rest: Buffer.alloc(0),
    unanswered: undefined,
    closing: false,
    stream: undefined,
    isChunked: false,
    webSocket: undefined,
    extraRequests: 0,
  };
}

/** The bytes of all bodies that wait in the queue of a client. */
export function bodyBytesOf({ requests }: Client): number {
  return requests.waiting.reduce(
    (sum, request: ClientRequest) => sum + (typeof request === "string" ? 0 : request.bodyBytes),
    0,
  );
}

/** Drops the waiting requests, and returns their number. */
export function dropRequests({ requests }: Client): number {
  const dropped = requests.clear();
  for (const request of dropped) if (typeof request !== "string") request.leave();
  return dropped.length;
}
