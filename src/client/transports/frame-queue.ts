import type { Arrival } from "../messages/item.js";
import { tryParseJson } from "../messages/json.js";
import type { ArrivalBatch, OpenStream, StreamEnd } from "./transport.js";
import { parseHubMessage } from "../messages/hub-message.js";

/**
 * The maximum size of waiting frames, in characters. A browser cannot pause a WebSocket, so the library closes the
 * WebSocket at this size. After the program has read the waiting frames, the stream resumes. No event is lost.
 */
const maxWaitingCharacters = 4 * 1024 * 1024;

/** Keeps received frames until the stream loop reads them. */
export class FrameQueue implements OpenStream {
  readonly #onFull: () => void;
  #cursor: string;
  #arrivals: Arrival[] = [];
  #characters = 0;
  #settings: { readonly retryMs: number | undefined; readonly heartbeatMs: number | undefined } = {
    retryMs: undefined,
    heartbeatMs: undefined,
  };
  /**
   * True if a frame was received after the last read. Frames without an event count as well, because they show that the
   * stream is alive.
   */
  #hasReceived = false;
  #endReason: string | undefined;
  #wake: (() => void) | undefined;

  constructor(options: { readonly lastEventId: string; readonly onFull: () => void }) {
    this.#cursor = options.lastEventId;
    this.#onFull = options.onFull;
  }

  push(frame: string): void {
    if (this.#endReason !== undefined) return;
    const message = parseHubMessage(tryParseJson(frame), this.#cursor);
    if (message.kind === "open")
      this.#settings = { retryMs: message.retryMs, heartbeatMs: message.heartbeatMs };
    if (message.kind === "arrival") {
      this.#arrivals.push(message.arrival);
      this.#cursor = message.arrival.cursor;
      this.#characters += frame.length;
    }
    this.#hasReceived = true;
    this.#wake?.();
    if (this.#characters <= maxWaitingCharacters) return;
    this.end("the receive queue is full");
    this.#onFull();
  }

  end(reason: string): void {
    this.#endReason ??= reason;
    this.#wake?.();
  }

  async next(): Promise<ArrivalBatch | StreamEnd> {
    while (!this.#hasReceived) {
      if (this.#endReason !== undefined) return { kind: "end", reason: this.#endReason };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#hasReceived = false;
    this.#characters = 0;
    return { kind: "batch", arrivals: this.#arrivals.splice(0), ...this.#settings };
  }
}
