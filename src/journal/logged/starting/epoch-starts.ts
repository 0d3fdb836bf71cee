import type { Clock } from "../../../base/clock.js";
import { createEpoch } from "../../epoch.js";
import type { EpochChain } from "../../epoch-chain.js";
import { encodeItem, encodeRecord } from "../../log/encode-record.js";
import type { Log, Sequence } from "../../log/log.js";
import type { LoggedRules, LogItem } from "../../log/record.js";
import type { StartAttempts } from "./start-attempts.js";

export interface EpochStartsOptions {
  readonly log: Pick<Log, "append" | "recover" | "isShared">;
  readonly clock: Clock;
  readonly epochs: EpochChain;
  /** The rules of this version, if those of the log are others. */
  readonly newRules: () => LoggedRules | undefined;
  readonly attempts: StartAttempts;
  /** Resolves when the record is applied, or when the journal has ended or closes. */
  readonly applied: (sequence: Sequence) => Promise<void>;
  /** Throws if the journal has ended or closes. */
  readonly check: () => void;
}

/** Begins the epochs of a journal: one at its start, and on an engine one after each recovery. */
export class EpochStarts {
  readonly #options: EpochStartsOptions;
  /** True if the epoch of this start could not be stored yet. */
  #isMissing = false;

  constructor(options: EpochStartsOptions) {
    this.#options = options;
  }

  /**
   * Begins the epoch of this start. A hub whose disk is full serves what it has, and begins the epoch when there is
   * space. Without any epoch, nothing can be served: then a hub waits for its engine.
   *
   * @returns the reason why the epoch could not be stored; undefined if it is stored
   */
  async first(): Promise<unknown> {
    const { log, epochs, attempts, check } = this.#options;
    let failure: unknown;
    try {
      await this.#apply();
    } catch (error) {
      failure = error;
    }
    check();
    this.#isMissing = failure !== undefined;
    if (failure === undefined || epochs.length > 0) return failure;
    if (!log.isShared) throw failure;
    await attempts.until(async () => {
      await log.recover();
      await this.#apply();
    });
    check();
    this.#isMissing = false;
    return undefined;
  }

  /**
   * Call this after each recovery of the log. An engine may have lost its newest records while this hub had no
   * connection. On a disk, nothing is lost that was passed on.
   */
  async recovered(): Promise<void> {
    if (this.#options.log.isShared || this.#isMissing) await this.#begin();
    this.#isMissing = false;
  }

  async #apply(): Promise<void> {
    await this.#options.applied(await this.#begin());
  }

  /** The record of an epoch is a run of its own, so that it comes before records that have to be sent again. */
  #begin(): Promise<Sequence> {
    const { log, clock, newRules } = this.#options;
    const epoch = createEpoch();
    const head = { run: epoch, n: 1, atMs: clock.now() };
    const rules = newRules();
    const items: readonly LogItem[] = [...(rules === undefined ? [] : [rules]), { kind: "epoch", epoch }];
    return log.append(encodeRecord(head, items.map(encodeItem)));
  }
}
