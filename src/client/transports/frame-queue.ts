import type { Arrival } from "../messages/item.js";
import { tryParseJson } from "../messages/json.js";
import type { ArrivalBatch, OpenStream, StreamEnd } from "./transport.js";
import { parseHubMessage } from "../messages/hub-message.js";

/**
 * What frames may wait, in characters. A browser's WebSocket cannot be told to read no more: at this it is closed, and
 * when what waits has been taken the stream resumes, so that nothing is dropped.
 */
const maxWaitingCharacters = 4 * 1024 * 1024;

/** Frames that have come, until they are asked for. */
export class FrameQueue implements OpenStream {
  readonly #onFull: () => void;
  #cursor: string;
  #arrivals: Arrival[] = [];
  #characters = 0;
  #settings: { readonly retryMs: number | undefined; readonly heartbeatMs: number | undefined } = {
    retryMs: undefined,
    heartbeatMs: undefined,
  };
  /** Something has come, if only a sign of life. */
  #isFresh = false;
  #end: string | undefined;
  #wake: (() => void) | undefined;

  constructor(options: { readonly lastEventId: string; readonly onFull: () => void }) {
    this.#cursor = options.lastEventId;
    this.#onFull = options.onFull;
  }

  push(frame: string): void {
    if (this.#end !== undefined) return;
    const word = parseHubMessage(tryParseJson(frame), this.#cursor);
    if (word.kind === "open") this.#settings = { retryMs: word.retryMs, heartbeatMs: word.heartbeatMs };
    if (word.kind === "arrival") {
      this.#arrivals.push(word.arrival);
      this.#cursor = word.arrival.cursor;
      this.#characters += frame.length;
    }
    this.#isFresh = true;
    this.#wake?.();
    if (this.#characters <= maxWaitingCharacters) return;
    this.end("more has come than was taken");
    this.#onFull();
  }

  end(reason: string): void {
    this.#end ??= reason;
    this.#wake?.();
  }

  async next(): Promise<ArrivalBatch | StreamEnd> {
    while (!this.#isFresh) {
      if (this.#end !== undefined) return { kind: "end", reason: this.#end };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#isFresh = false;
    this.#characters = 0;
    return { kind: "batch", arrivals: this.#arrivals.splice(0), ...this.#settings };
  }
}
