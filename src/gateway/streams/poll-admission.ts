import type { Grants } from "../../auth/grants/grants.js";
import type { Clock } from "../../base/clock.js";
import type { Subscription } from "../../hub/cohort.js";
import type { PollAnswer, PollRequest, Polls } from "../../delivery/polls/polls.js";
import type { TokenClients } from "../control/token-clients.js";
import type { GatewayRequest } from "../http/messages.js";

export interface PollAdmissionOptions {
  readonly polls: Pick<Polls, "next">;
  /**
   * Checks the limits for a poll. The poll counts as a stream until the caller calls the result.
   *
   * @throws PharosError as {@link Gateway.admit}
   */
  readonly admit: (request: GatewayRequest, subscription: Subscription) => () => void;
  /** Knows the polls of clients with a token. @default none */
  readonly tokenClients?: Pick<TokenClients, "polling"> | undefined;
  readonly clock: Pick<Clock, "now">;
}

/** A poll with the rights of its token. Its signal ends the poll, as its client's disconnect does. */
export interface AuthenticatedPoll extends PollRequest {
  /** Undefined without a token. The hub answers the poll at the latest when the token expires. */
  readonly grants: Grants | undefined;
}

/**
 * Admits the polls of all protocols. A poll ends at the latest when its client disconnects, when its token expires, or
 * when an operator ends it. Then it has no events.
 */
export class PollAdmission {
  readonly #options: PollAdmissionOptions;

  constructor(options: PollAdmissionOptions) {
    this.#options = options;
  }

  /** Waits for the answer to a poll. Rejects with the errors of {@link PollAdmissionOptions.admit}. */
  async poll(
    request: GatewayRequest,
    { grants, waitMs, signal, ...poll }: AuthenticatedPoll,
  ): Promise<PollAnswer> {
    const { polls, admit, clock } = this.#options;
    const { expiresAtMs = Number.POSITIVE_INFINITY } = grants ?? {};
    const known = this.#known(request, grants);
    try {
      const leave = admit(request, poll.subscription);
      try {
        return await polls.next({
          ...poll,
          waitMs: Math.max(0, Math.min(waitMs, expiresAtMs - clock.now())),
          signal: signal === undefined ? known.signal : AbortSignal.any([known.signal, signal]),
        });
      } finally {
        leave();
      }
    } finally {
      known.leave();
    }
  }

  /** Adds the poll to the clients with a token. The signal ends the poll. */
  #known(
    request: GatewayRequest,
    grants: Grants | undefined,
  ): { readonly signal: AbortSignal; readonly leave: () => void } {
    const { tokenClients } = this.#options;
    const disconnected = request.disconnectSignal();
    if (grants === undefined || tokenClients === undefined)
      return { signal: disconnected, leave: () => undefined };
    const ended = new AbortController();
    const leave = tokenClients.polling(grants, () => ended.abort());
    return { signal: AbortSignal.any([disconnected, ended.signal]), leave };
  }
}
