import { PharosError } from "../../base/errors.js";
import type { Lifetime } from "../../base/lifetime.js";
import { declaredRequestLimits } from "../../limits/requests.js";
import type { ClientLimits } from "./client-limits.js";
import type { GatewayRequest } from "../http/messages.js";

/** The budget reads the options at each use, so that their values can change. */
export interface BodyBudgetOptions {
  /** The most bytes of one request's body. @default the value in the settings */
  readonly bodyBytes?: number;
  /** The most bytes of all bodies in memory at a time. @default the value in the settings */
  readonly requestBytes?: number;
  /** Finds the client of a request. @default all requests count for one client */
  readonly clients?: Pick<ClientLimits, "clientOf">;
}

/**
 * Memory for the body of one request, or for the messages of one WebSocket. The end of its lifetime releases the
 * memory, so no caller can forget to do so.
 */
export interface BodyReservation {
  /**
   * Changes the number of reserved bytes. Call this method before you store more bytes. After the end of the lifetime
   * the method does nothing: bytes that arrive then must not be stored.
   *
   * @throws PharosError `too-many-bodies` if the budget is used up; the number is then unchanged. A smaller number
   *   never fails.
   */
  resize(bytes: number): void;
}

/** The time after which a client may try again. In this time the hub can process one or two bodies of 1 MiB. */
const retryAfterSeconds = 1;

/**
 * Limits the memory for the request bodies of all fronts, from the first byte until the response. One client address
 * may use half of the memory. Otherwise one client could block all other clients by sending bodies slowly. A local
 * address may use all of the memory, since all clients may be behind one local proxy.
 */
export class BodyBudget {
  readonly #options: BodyBudgetOptions;
  #held = 0;
  readonly #heldBy = new Map<string, number>();

  constructor(options: BodyBudgetOptions = {}) {
    this.#options = options;
  }

  /** The most bytes of one request's body. */
  get bodyBytes(): number {
    return this.#options.bodyBytes ?? declaredRequestLimits.bodyBytes.default;
  }

  /** The bytes that are reserved now. */
  get held(): number {
    return this.#held;
  }

  /**
   * A reservation for the client of this request, at first of 0 bytes. The end of `lifetime` releases it.
   */
  reservationFor(request: GatewayRequest, lifetime: Lifetime): BodyReservation {
    const { key, isLocal } = this.#options.clients?.clientOf(request) ?? { key: "", isLocal: true };
    let reserved = 0;
    const resize = (bytes: number): void => {
      const more = bytes - reserved;
      const requestBytes = this.#requestBytes;
      const most = isLocal ? requestBytes : requestBytes / 2;
      const heldByClient = this.#heldBy.get(key) ?? 0;
      if (more > 0 && (this.#held + more > requestBytes || heldByClient + more > most)) throw full();
      this.#hold(key, more);
      reserved = bytes;
    };
    lifetime.onEnd(() => resize(0));
    return {
      resize: (bytes) => {
        if (!lifetime.isOver) resize(bytes);
      },
    };
  }

  /** Throws PharosError `too-large` if a body has more bytes than allowed, or announces more. */
  check(bytes: number): void {
    if (bytes > this.bodyBytes)
      throw new PharosError("too-large", `the body of a request may have at most ${this.bodyBytes} bytes`);
  }

  get #requestBytes(): number {
    return this.#options.requestBytes ?? declaredRequestLimits.requestBytes.default;
  }

  #hold(key: string, bytes: number): void {
    if (bytes === 0) return;
    this.#held += bytes;
    const held = (this.#heldBy.get(key) ?? 0) + bytes;
    if (held > 0) this.#heldBy.set(key, held);
    else this.#heldBy.delete(key);
  }
}

/** Resizes the reservation; returns false if the budget is used up. */
export function tryResize(reservation: BodyReservation, bytes: number): boolean {
  try {
    reservation.resize(bytes);
    return true;
  } catch (error) {
    if (error instanceof PharosError) return false;
    throw error;
  }
}

function full(): PharosError {
  const message = "the memory for request bodies is used up; try again soon";
  return new PharosError("too-many-bodies", message, { retryAfterSeconds });
}
