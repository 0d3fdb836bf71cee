import type { Grants } from "../../auth/grants/grants.js";
import type { Metrics } from "../../base/metrics.js";
import type { StreamOpened } from "../../delivery/joining/open-stream.js";
import type { StreamStart } from "../http/messages.js";

/** The reasons for which operators end streams and polls. */
export type ForcedEnd = "disconnected";

/** A client whose stream is open, or whose poll waits. */
interface TokenClient {
  /** The rights of its current token; undefined while it has none. */
  readonly grants: () => Grants | undefined;
  readonly end: (reason: ForcedEnd) => void;
}

/**
 * The clients of this hub that have a token, or may get one while their stream is open: their streams at all fronts and
 * workers, and their polls.
 */
export class TokenClients {
  readonly #clients = new Set<TokenClient>();
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Adds a stream from its begin to its end. Undefined for a stream that never has a token. */
  opening({ grants, dialogue }: Pick<StreamStart, "grants" | "dialogue">): StreamOpened | undefined {
    // The client of an event stream cannot change its token.
    if (grants === undefined || (dialogue === undefined && grants() === undefined)) return undefined;
    return (end) => this.#add({ grants, end });
  }

  /** Adds a poll. Call the result when the poll is answered. */
  polling(grants: Grants, end: () => void): () => void {
    return this.#add({ grants: () => grants, end });
  }

  /**
   * Ends the streams and polls of all clients whose token this function selects. The work is one call of the function
   * for each client with a token: 5 ms for 100,000 clients.
   *
   * @returns the number of ended streams and polls
   */
  end(selects: (grants: Grants) => boolean, reason: ForcedEnd): number {
    let ended = 0;
    for (const { grants, end } of this.#clients) {
      const current = grants();
      if (current === undefined || !selects(current)) continue;
      end(reason);
      ended += 1;
    }
    if (ended > 0) this.#metrics.count("connections_cut_total", ended, { reason });
    return ended;
  }

  #add(client: TokenClient): () => void {
    this.#clients.add(client);
    return () => void this.#clients.delete(client);
  }
}
