import type { BodyReservation, BodyBudget } from "../../gateway/limits/body-budget.js";
import type { GatewayRequest } from "../../gateway/http/messages.js";
import type { Mongrel2Request } from "./wire/request.js";
import { closesAfterAnswer, isHandshake, toGatewayRequest } from "./requests.js";

/** A request that is not answered yet. */
export interface PendingRequest {
  readonly request: GatewayRequest;
  /** True if a WebSocket may begin with it. */
  readonly isHandshake: boolean;
  /** True if the client or the server announces a spooled upload. */
  readonly upload: boolean;
  /** True if the connection has to be closed after the answer. */
  readonly closes: boolean;
  /** The bytes that are kept of its body. */
  readonly bodyBytes: number;
  /** Call it when the request is answered or dropped: frees the memory of its body. */
  readonly leave: () => void;
  /** Call it when the client disconnects before the answer. */
  readonly onDisconnect: () => void;
}

const empty = Buffer.alloc(0);

/**
 * Keeps a request with its body, which has arrived already. If there is no memory for the body, the front drops it at
 * once, and a later read of the body fails. A client without the right to send the body gets the refusal instead.
 */
export function createPendingRequest(request: Mongrel2Request, bodies: BodyBudget): PendingRequest {
  const head = { ...request, body: empty };
  const controller = new AbortController();
  const disconnectSignal = (): AbortSignal => controller.signal;
  const noBody = toGatewayRequest(head, { body: () => Promise.resolve(empty), disconnectSignal });
  const reservation = request.body.length === 0 ? undefined : bodies.reservationFor(noBody);
  const body = reserve(request.body, reservation);
  return {
    request: toGatewayRequest(head, {
      body: () => (body instanceof Buffer ? Promise.resolve(body) : Promise.reject(body)),
      disconnectSignal,
    }),
    isHandshake: isHandshake(request),
    upload: request.upload,
    closes: closesAfterAnswer(request),
    bodyBytes: body instanceof Buffer ? body.length : 0,
    leave: () => reservation?.release(),
    onDisconnect: () => controller.abort(),
  };
}

function reserve(body: Buffer, reservation: BodyReservation | undefined): Buffer | Error {
  try {
    reservation?.reserve(body.length);
    return body;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
