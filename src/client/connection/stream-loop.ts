import { reconnectDelayMs } from "./backoff.js";
import { Wakeup } from "./wakeup.js";
import type { Feed, FeedEvents } from "./feed.js";
import { StreamRefusedError, UnservedError } from "../messages/refusal.js";
import type { OpenedStream, StreamOpener } from "./stream-opener.js";
import { reasonText, type ArrivalBatch } from "../transports/transport.js";
import type { DesiredFilters } from "./desired-filters.js";

/**
 * A stream counts as dead after a silence of this number of heartbeat intervals: one heartbeat may be late, and another
 * may be lost.
 */
const heartbeatsMissed = 3;

export interface StreamLoopOptions {
  readonly opener: StreamOpener;
  readonly desired: DesiredFilters;
  /** `""` means none. */
  readonly lastEventId: string;
}

/**
 * Keeps one stream of a hub open. The loop resumes after the last consumed event, and opens a replacement when filters
 * or the token change. While the replacement opens, the old stream stays open, but the loop does not read it. Therefore
 * no event is lost, repeated or reordered. If the replacement fails, the old stream continues.
 */
export class StreamLoop implements Feed {
  readonly #opener: StreamOpener;
  readonly #desired: DesiredFilters;
  readonly #events: FeedEvents;
  readonly #wakeup = new Wakeup();
  #cursor: string;
  #retryMs: number | undefined;
  #idleTimeoutMs: number | undefined;
  #failures = 0;

  constructor({ opener, desired, lastEventId }: StreamLoopOptions, events: FeedEvents) {
    this.#opener = opener;
    this.#desired = desired;
    this.#cursor = lastEventId;
    this.#events = events;
  }

  /**
   * Starts the loop. The promise resolves when `close` or an error response of the server has ended the loop. Never
   * rejects.
   */
  async run(): Promise<void> {
    while (!this.#wakeup.isClosed)
      await this.#attempt().catch((error: Error) => {
        if (this.#wakeup.isClosed) return;
        this.close(error);
        this.#events.state({ kind: "closed", error });
      });
  }

  /**
   * @param again filters whose retained values are requested once more, for a reader that has not received these values
   */
  follow(filters: readonly string[], again: readonly string[] = []): Promise<void> {
    const followed = this.#desired.follow(filters, again);
    if (this.#wakeup.isClosed) this.close();
    else this.#wakeup.notify("change");
    return followed;
  }

  /**
   * Ends the wait before the next attempt. After a network failure (`wasOffline`), the loop also replaces an open
   * stream.
   */
  retry({ wasOffline }: { readonly wasOffline: boolean }): void {
    this.#wakeup.notify("retry");
    if (wasOffline) this.#wakeup.notify("change");
  }

  close(error = new Error("the connection is closed")): void {
    this.#wakeup.notify("close");
    this.#opener.close();
    this.#desired.reject(error, []);
  }

  /** Makes one attempt: opens a stream, reads the stream to its end, and waits. */
  async #attempt(): Promise<void> {
    if (this.#desired.filters.length === 0) return this.#idle();
    this.#events.state({ kind: "connecting" });
    const stream = await this.#open().catch((error: unknown) => {
      if (error instanceof StreamRefusedError) throw error;
      this.#failures += 1;
      return this.#wait(reasonText(error), error instanceof UnservedError ? error.retryAfterMs : 0);
    });
    if (stream === undefined) return;
    this.#failures = 0;
    const reason = await this.#read(stream);
    if (this.#desired.filters.length > 0) await this.#wait(reason, 0);
  }

  async #idle(): Promise<void> {
    this.#wakeup.clear();
    this.#desired.confirm(this.#desired.current());
    this.#events.state({ kind: "idle" });
    await this.#wakeup.wait("change", {});
  }

  async #wait(reason: string, leastMs: number): Promise<undefined> {
    if (this.#wakeup.isClosed) return;
    const delayMs = Math.max(this.#delayMs(this.#failures), leastMs);
    this.#events.state({ kind: "waiting", delayMs, reason });
    await this.#wakeup.wait("retry", { timeoutMs: delayMs });
  }

  #delayMs(failures: number): number {
    return reconnectDelayMs({ reconnectionMs: this.#retryMs, failures, random: Math.random() });
  }

  async #open(): Promise<OpenedStream> {
    this.#wakeup.clear();
    const desired = this.#desired.current();
    const lastEventId = this.#cursor;
    // Without a position to resume from, the stream begins with all retained values anyway.
    const added = lastEventId === "" ? [] : desired.added;
    const stream = await this.#opener.open({ filters: desired.filters, added, lastEventId });
    if (stream.renewInMs !== undefined) this.#wakeup.schedule(stream.renewInMs, () => this.#renew());
    this.#events.state({ kind: "open", transport: stream.transport });
    this.#desired.confirm(desired);
    return stream;
  }

  #renew(): void {
    this.#opener.renewToken();
    this.#wakeup.notify("change");
  }

  /** Reads a stream and its replacements until the current stream ends. Returns the reason why the stream ended. */
  async #read(first: OpenedStream): Promise<string> {
    let stream = first;
    let reading = stream.next();
    for (;;) {
      const result = await this.#wakeup.wait("change", { reading, timeoutMs: this.#idleTimeoutMs });
      if (result.kind === "batch") {
        await this.#receive(result);
        reading = stream.next();
      } else if (result.kind === "change" && this.#desired.filters.length > 0) {
        const before = stream;
        stream = await this.#replace(before);
        if (stream !== before) reading = stream.next();
      } else {
        stream.close();
        return result.kind === "end" ? result.reason : "the stream was silent too long";
      }
    }
  }

  /** Opens a replacement for the current filters. Returns the old stream if the replacement fails. */
  async #replace(stream: OpenedStream): Promise<OpenedStream> {
    try {
      const replacement = await this.#open();
      stream.close();
      return replacement;
    } catch (error) {
      if (error instanceof StreamRefusedError) this.#desired.reject(error, stream.filters);
      else this.#wakeup.schedule(this.#delayMs(1), () => this.#wakeup.notify("change"));
      return stream;
    }
  }

  async #receive({ arrivals, retryMs, heartbeatMs }: ArrivalBatch): Promise<void> {
    this.#retryMs = retryMs ?? this.#retryMs;
    if (heartbeatMs !== undefined) this.#idleTimeoutMs = heartbeatMs * heartbeatsMissed;
    for (const arrival of arrivals) {
      if (this.#wakeup.isClosed) return;
      if (arrival.item?.kind !== "event" || arrival.item.retained === undefined) this.#desired.endRetained();
      this.#cursor = arrival.cursor;
      const room = this.#events.arrival(arrival);
      if (room !== undefined) await room;
    }
  }
}
