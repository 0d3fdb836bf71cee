import type { BodyReservation, BodyBudget } from "../../gateway/limits/body-budget.js";
import type { GatewayRequest } from "../../gateway/http/messages.js";
import type { Mongrel2Request } from "./wire/request.js";
import { closesAfterAnswer, isHandshake, toGatewayRequest } from "./requests.js";

/** A request from its coming until its answer. */
export interface PendingRequest {
  readonly asked: GatewayRequest;
  /** True where a WebSocket may begin. */
  readonly isHandshake: boolean;
  /** True when a client or the server speaks of a spooled upload. */
  readonly upload: boolean;
  /** True when the connection is to end with its answer. */
  readonly closes: boolean;
  /** What is kept of its body. */
  readonly bodyBytes: number;
  /** To be called when it is answered or dropped. */
  readonly leave: () => void;
  /** To be called when its client goes before it is answered. */
  readonly gone: () => void;
}

const empty = Buffer.alloc(0);

/**
 * Keeps a request with its body, which came with it. A body for which there is no room is let go at once, and whoever
 * asks for it is told so: who sends it may have no right to, and is told that.
 */
export function createPendingRequest(request: Mongrel2Request, bodies: BodyBudget): PendingRequest {
  const head = { ...request, body: empty };
  const controller = new AbortController();
  const disconnectSignal = (): AbortSignal => controller.signal;
  const noBody = toGatewayRequest(head, { body: () => Promise.resolve(empty), disconnectSignal });
  const place = request.body.length === 0 ? undefined : bodies.enter(noBody);
  const body = roomFor(request.body, place);
  return {
    asked: toGatewayRequest(head, {
      body: () => (body instanceof Buffer ? Promise.resolve(body) : Promise.reject(body)),
      disconnectSignal,
    }),
    isHandshake: isHandshake(request),
    upload: request.upload,
    closes: closesAfterAnswer(request),
    bodyBytes: body instanceof Buffer ? body.length : 0,
    leave: () => place?.leave(),
    gone: () => controller.abort(),
  };
}

function roomFor(body: Buffer, place: BodyReservation | undefined): Buffer | Error {
  try {
    place?.take(body.length);
    return body;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
