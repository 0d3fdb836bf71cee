import type { RawConnection } from "../../support/raw-http.js";
import { parseResponse } from "../http-text.js";
import type { ResponseText } from "../http-text.js";
import type { Site } from "../site.js";
import type { Log, Place } from "./log.js";
import type { Following, Line } from "./transport.js";

/** The requests and responses of a transport that polls. */
export interface Polling {
  readonly log: Log;
  /** Returns the bytes of the next request. The first request must be one that the hub answers at once. */
  readonly request: (from: Place | undefined, added: readonly string[]) => string;
  /** Records the contents of a response in the log, with the position of the next request. */
  readonly take: (answer: ResponseText, log: Log) => void;
}

/** The time-out of a poll, in milliseconds: longer than the wait of any poll, and longer than any pause in a test. */
const answerWithin = 120_000;

/**
 * Sends one poll after another, each on its own connection. Stops when the returned line is closed, or when a response
 * refuses the token.
 */
export function openPolls(site: Site, polling: Polling, following: Following): Promise<Line> {
  const polls = new Polls(site, polling);
  // If the client has a position, it loses no event, even if the hub receives the first poll late.
  if (following.from !== undefined) polling.log.opened();
  void polls.run(following);
  return Promise.resolve(polls);
}

class Polls implements Line {
  readonly #site: Site;
  readonly #polling: Polling;
  #connection: RawConnection | undefined;
  #isClosed = false;
  #rest: Promise<void> | undefined;
  #endRest: () => void = () => undefined;

  constructor(site: Site, polling: Polling) {
    this.#site = site;
    this.#polling = polling;
  }

  pause(): void {
    this.#connection?.pause();
    this.#rest ??= new Promise((resolve) => {
      this.#endRest = resolve;
    });
  }

  resume(): void {
    this.#connection?.resume();
    this.#rest = undefined;
    this.#endRest();
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }

  async run({ from, added = [] }: Following): Promise<void> {
    const { log, take, request } = this.#polling;
    try {
      for (let bytes = request(from, added); !this.#isClosed; bytes = request(log.place, [])) {
        const answer = await this.#ask(bytes);
        // The response may have arrived in the same turn of the event loop in which the line was closed.
        if (this.#isClosed) return;
        if (answer.status === 401) return log.over();
        take(answer, log);
        log.opened();
        await this.#rest;
      }
    } catch (error) {
      if (!this.#isClosed) log.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #ask(bytes: string): Promise<ResponseText> {
    this.#connection = await this.#site.connect();
    this.#connection.write(bytes);
    const text = await this.#connection.readUntil((come) => parseResponse(come) !== undefined, {
      within: answerWithin,
    });
    this.#connection.close();
    const answer = parseResponse(text);
    if (answer === undefined) throw new Error("the answer was whole a moment ago");
    if (![200, 304, 401].includes(answer.status)) throw new Error(`refused: ${answer.status} ${answer.body}`);
    return answer;
  }
}
