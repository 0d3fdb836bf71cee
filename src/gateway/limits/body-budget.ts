import { PharosError } from "../../base/errors.js";
import { declaredRequestLimits } from "../../limits/requests.js";
import type { ClientLimits } from "./client-limits.js";
import type { GatewayRequest } from "../http/messages.js";

export interface BodyBudgetOptions {
  /** Bytes of one request's body. @default that of the settings */
  readonly bodyBytes?: number;
  /** Bytes of all bodies that are held at a time. @default that of the settings */
  readonly requestBytes?: number;
  /** Finds the client of a request. @default all requests count as one client's */
  readonly clients?: Pick<ClientLimits, "clientOf">;
}

/** Memory for the body of one request. */
export interface BodyReservation {
  /**
   * Reserves more bytes. Call it before the bytes are kept.
   *
   * @throws PharosError `too-large` if the body is larger than allowed, `too-many-bodies` if the budget is used up
   */
  reserve(bytes: number): void;
  /** Releases all bytes: call it when the request is answered or dropped. Safe to call twice. */
  release(): void;
}

/** Long enough to work on one or two bodies of 1 MiB. */
const retryAfterSeconds = 1;

/**
 * The memory for the request bodies of all fronts, from the first byte until the request is answered. One client address
 * may use half of it: otherwise one client could block all others by sending bodies slowly. A local address may use all
 * of it, since all clients may be behind it.
 */
export class BodyBudget {
  readonly bodyBytes: number;
  readonly #requestBytes: number;
  readonly #clients: BodyBudgetOptions["clients"];
  #held = 0;
  readonly #heldBy = new Map<string, number>();

  constructor(options: BodyBudgetOptions = {}) {
    this.bodyBytes = options.bodyBytes ?? declaredRequestLimits.bodyBytes.default;
    this.#requestBytes = options.requestBytes ?? declaredRequestLimits.requestBytes.default;
    this.#clients = options.clients;
  }

  /** The bytes that are reserved now. */
  get held(): number {
    return this.#held;
  }

  /** A reservation for the body of this request, of no bytes yet. */
  reservationFor(request: GatewayRequest): BodyReservation {
    const { key, isLocal } = this.#clients?.clientOf(request) ?? { key: "", isLocal: true };
    const most = isLocal ? this.#requestBytes : this.#requestBytes / 2;
    let reserved = 0;
    return {
      reserve: (bytes) => {
        this.check(reserved + bytes);
        const held = this.#heldBy.get(key) ?? 0;
        if (this.#held + bytes > this.#requestBytes || held + bytes > most) throw full();
        this.#hold(key, bytes);
        reserved += bytes;
      },
      release: () => {
        this.#hold(key, -reserved);
        reserved = 0;
      },
    };
  }

  /** Throws PharosError `too-large` if a body has, or announces, more bytes than allowed. */
  check(bytes: number): void {
    if (bytes > this.bodyBytes)
      throw new PharosError("too-large", `the body of a request may have at most ${this.bodyBytes} bytes`);
  }

  #hold(key: string, bytes: number): void {
    if (bytes === 0) return;
    this.#held += bytes;
    const held = (this.#heldBy.get(key) ?? 0) + bytes;
    if (held > 0) this.#heldBy.set(key, held);
    else this.#heldBy.delete(key);
  }
}

/** Reserves more bytes; false if that is refused. */
export function tryReserve(reservation: BodyReservation, bytes: number): boolean {
  try {
    reservation.reserve(bytes);
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
