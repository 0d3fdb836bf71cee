import type { FromTab, FromWorker, Port } from "./messages.js";

/**
 * The time for one tab to answer, in milliseconds. After this time the library asks the next tab, because a frozen tab
 * never answers.
 */
const answerMs = 3000;

/** Gets tokens from the tabs of a worker, because a tab cannot pass its token function to the worker. */
export class TabTokens {
  readonly #ports: () => readonly Port<FromWorker, FromTab>[];
  #onAnswer: ((answer: Extract<FromTab, { kind: "token" }>) => void) | undefined;

  /** @param ports returns the ports of the tabs, in the order in which the class asks the tabs */
  constructor(ports: () => readonly Port<FromWorker, FromTab>[]) {
    this.#ports = ports;
  }

  /** @throws Error if no tab returns a token */
  async request(): Promise<string | undefined> {
    let failure = "no tab answered the request for a token";
    for (const port of this.#ports()) {
      port.send({ kind: "token-request" });
      const answer = await this.#waitForAnswer();
      if (answer?.error === undefined && answer !== undefined) return answer.token;
      failure = answer?.error ?? failure;
    }
    throw new Error(failure);
  }

  receive(answer: Extract<FromTab, { kind: "token" }>): void {
    this.#onAnswer?.(answer);
  }

  #waitForAnswer(): Promise<Extract<FromTab, { kind: "token" }> | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, answerMs, undefined);
      this.#onAnswer = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
    });
  }
}
