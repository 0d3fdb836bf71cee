import type { Grants } from "../../auth/grants/grants.js";
import type { Clock } from "../../base/clock.js";
import type { Subscription } from "../../hub/cohort.js";
import type { PollAnswer, PollRequest, Polls } from "../../delivery/polls/polls.js";
import type { GatewayRequest } from "../http/messages.js";

export interface PollAdmissionOptions {
  readonly polls: Pick<Polls, "next">;
  /**
   * Lets a poll in: it counts as a stream until what this returns is called.
   *
   * @throws PharosError as {@link Gateway.admit}
   */
  readonly admit: (request: GatewayRequest, subscription: Subscription) => () => void;
  readonly clock: Pick<Clock, "now">;
}

/** A poll, and what its token allows. */
export interface AskedPoll extends Omit<PollRequest, "signal"> {
  /** Undefined without a token. The poll is over when the token is. */
  readonly grants: Grants | undefined;
}

/** Lets polls in, whatever their protocol, and has them wait no longer than their client does and their token is good for. */
export class PollAdmission {
  readonly #options: PollAdmissionOptions;

  constructor(options: PollAdmissionOptions) {
    this.#options = options;
  }

  /** Rejects with PharosError when the poll may not wait: see {@link PollAdmissionOptions.admit}. */
  async ask(request: GatewayRequest, { grants, waitMs, ...poll }: AskedPoll): Promise<PollAnswer> {
    const { polls, admit, clock } = this.#options;
    const { expiresAtMs = Number.POSITIVE_INFINITY } = grants ?? {};
    const leave = admit(request, poll.subscription);
    try {
      return await polls.next({
        ...poll,
        waitMs: Math.max(0, Math.min(waitMs, expiresAtMs - clock.now())),
        signal: request.disconnectSignal(),
      });
    } finally {
      leave();
    }
  }
}
