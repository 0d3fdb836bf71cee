import type { FromTab, FromWorker, Port } from "./messages.js";

/** How long one tab may take before another is asked too: a frozen one never answers, in milliseconds. */
const answerMs = 3000;

/** Has the tabs of a worker bring tokens, since their callbacks cannot leave them. */
export class TabTokens {
  readonly #ports: () => readonly Port<FromWorker, FromTab>[];
  #answered: ((answer: Extract<FromTab, { kind: "token" }>) => void) | undefined;

  /** @param ports those of the tabs, in the order in which they are asked */
  constructor(ports: () => readonly Port<FromWorker, FromTab>[]) {
    this.#ports = ports;
  }

  /** @throws Error when no tab has one to give */
  async ask(): Promise<string | undefined> {
    let failure = "no tab answered";
    for (const port of this.#ports()) {
      port.say({ kind: "token-wanted" });
      const answer = await this.#answer();
      if (answer?.error === undefined && answer !== undefined) return answer.token;
      failure = answer?.error ?? failure;
    }
    throw new Error(failure);
  }

  answer(answer: Extract<FromTab, { kind: "token" }>): void {
    this.#answered?.(answer);
  }

  #answer(): Promise<Extract<FromTab, { kind: "token" }> | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, answerMs, undefined);
      this.#answered = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
    });
  }
}
