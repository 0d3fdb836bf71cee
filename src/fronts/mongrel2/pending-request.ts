import { Lifetime } from "../../base/lifetime.js";
import type { BodyReservation, BodyBudget } from "../../gateway/limits/body-budget.js";
import type { GatewayRequest } from "../../gateway/http/messages.js";
import type { Mongrel2Request } from "./wire/request.js";
import { closesAfterAnswer, isHandshake, toGatewayRequest } from "./requests.js";

/** A request that is not answered yet. */
export interface PendingRequest {
  readonly request: GatewayRequest;
  /** True if a WebSocket may begin with this request. */
  readonly isHandshake: boolean;
  /** True if a header of the client or of Mongrel2 announces that Mongrel2 has stored the body in a file. */
  readonly upload: boolean;
  /** True if the connection has to be closed after the answer. */
  readonly closes: boolean;
  /** The size of the kept body, in bytes; 0 if the front dropped it. */
  readonly bodyBytes: number;
  /** Frees the memory of the body. Call this method when the request is answered or dropped. */
  readonly leave: () => void;
  /** Call this method when the client disconnects before the answer. */
  readonly onDisconnect: () => void;
}

const empty = Buffer.alloc(0);

/**
 * Keeps a request with its body, which has already arrived. If there is no memory for the body, the front drops the
 * body at once, and a later read of the body fails. A client without the right to send the body still gets the error
 * response for the missing right.
 */
export function createPendingRequest(request: Mongrel2Request, bodies: BodyBudget): PendingRequest {
  const head = { ...request, body: empty };
  const controller = new AbortController();
  const disconnectSignal = (): AbortSignal => controller.signal;
  const noBody = toGatewayRequest(head, { body: () => Promise.resolve(empty), disconnectSignal });
  const lifetime = new Lifetime();
  const body = reserve(request.body, bodies, () => bodies.reservationFor(noBody, lifetime));
  return {
    request: toGatewayRequest(head, {
      body: () => (body instanceof Buffer ? Promise.resolve(body) : Promise.reject(body)),
      disconnectSignal,
    }),
    isHandshake: isHandshake(request),
    upload: request.upload,
    closes: closesAfterAnswer(request),
    bodyBytes: body instanceof Buffer ? body.length : 0,
    leave: () => lifetime.end(),
    onDisconnect: () => controller.abort(),
  };
}

function reserve(body: Buffer, bodies: BodyBudget, reservation: () => BodyReservation): Buffer | Error {
  if (body.length === 0) return body;
  try {
    bodies.check(body.length);
    reservation().resize(body.length);
    return body;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
