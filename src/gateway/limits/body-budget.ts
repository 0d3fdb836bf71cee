import { PharosError } from "../../base/errors.js";
import { declaredRequestLimits } from "../../limits/requests.js";
import type { ClientLimits } from "./client-limits.js";
import type { GatewayRequest } from "../http/messages.js";

export interface BodyBudgetOptions {
  /** Bytes of one request's body. @default that of the settings */
  readonly bodyBytes?: number;
  /** Bytes of all bodies that are held at a time. @default that of the settings */
  readonly requestBytes?: number;
  /** Who sends what. @default everything is of one client that is everybody */
  readonly clients?: Pick<ClientLimits, "clientOf">;
}

/** Memory for the body of one request. */
export interface BodyReservation {
  /**
   * Asks for so many bytes more, before they are kept.
   *
   * @throws PharosError `too-large` when the body has more than it may, `too-many-bodies` when all together have
   */
  take(bytes: number): void;
  /** Gives everything back, when the request is answered or dropped. Safe to call twice. */
  leave(): void;
}

/** What is refused for lack of room may come again when a body of 1 MiB or two has been worked on. */
const retryAfterSeconds = 1;

/**
 * The memory that the request bodies of all fronts share while they arrive, wait and are worked on. One address may hold
 * half of it, or whoever sends bodies slowly from there would keep everybody else from publishing; a local one, behind
 * which everybody may be, all of it.
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

  /** Bytes that are held at the moment. */
  get held(): number {
    return this.#held;
  }

  /** A place for the body of this request; it takes no room yet. */
  enter(request: GatewayRequest): BodyReservation {
    const { key, isLocal } = this.#clients?.clientOf(request) ?? { key: "", isLocal: true };
    const share = isLocal ? this.#requestBytes : this.#requestBytes / 2;
    let mine = 0;
    return {
      take: (bytes) => {
        this.check(mine + bytes);
        const address = this.#heldBy.get(key) ?? 0;
        if (this.#held + bytes > this.#requestBytes || address + bytes > share) throw full();
        this.#hold(key, bytes);
        mine += bytes;
      },
      leave: () => {
        this.#hold(key, -mine);
        mine = 0;
      },
    };
  }

  /** Throws PharosError `too-large` for a body that has, or is announced with, more bytes than it may have. */
  check(bytes: number): void {
    if (bytes > this.bodyBytes)
      throw new PharosError("too-large", `the body of a request may have at most ${this.bodyBytes} bytes`);
  }

  #hold(key: string, bytes: number): void {
    if (bytes === 0) return;
    this.#held += bytes;
    const address = (this.#heldBy.get(key) ?? 0) + bytes;
    if (address > 0) this.#heldBy.set(key, address);
    else this.#heldBy.delete(key);
  }
}

/** Takes so many bytes more, or says that there is no room for them. */
export function hasRoomFor(place: BodyReservation, bytes: number): boolean {
  try {
    place.take(bytes);
    return true;
  } catch (error) {
    if (error instanceof PharosError) return false;
    throw error;
  }
}

function full(): PharosError {
  const message = "the server holds as many bytes of requests as it may; try again soon";
  return new PharosError("too-many-bodies", message, { retryAfterSeconds });
}
