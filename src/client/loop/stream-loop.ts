import { reconnectDelayMs } from "../connection/backoff.js";
import { Wakeup } from "./wakeup.js";
import type { Feed, FeedEvents } from "../connection/feed.js";
import { isNoStream, isRefused } from "../messages/refusal.js";
import { watchPage } from "../connection/page-lifecycle.js";
import type { StartedConnection } from "../connection/connection-start.js";
import type { StreamOpener } from "./stream-opener.js";
import { maxTimerMs } from "../transports/timer.js";
import {
  silentHeartbeats,
  type ArrivalBatch,
  type OpenedStream,
  type StreamEnd,
} from "../transports/transport.js";
import type { DesiredFilters, FollowOptions } from "./desired-filters.js";

/**
 * The time that a change waits for the first position of a stream, in milliseconds. A hub sends it at once, after the
 * retained values; other servers may send none.
 */
const maxPositionMs = 1000;

export interface StreamLoopOptions {
  readonly opener: StreamOpener;
  readonly desired: DesiredFilters;
  readonly connection: Pick<
    StartedConnection,
    "closing" | "events" | "lastEventId" | "retryMs" | "awaySinceMs"
  >;
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
  readonly #closing: AbortController;
  readonly #wakeup = new Wakeup();
  #cursor: string;
  #retryMs: number | undefined;
  /** The longest silence of the open stream; undefined for no limit. */
  #silenceMs: number | undefined;
  /** The end of the last stream, or the start of the first attempt; undefined while a stream is open. */
  #awaySinceMs: number | undefined;

  constructor({ opener, desired, connection }: StreamLoopOptions) {
    this.#opener = opener;
    this.#desired = desired;
    this.#closing = connection.closing;
    this.#events = connection.events;
    this.#cursor = connection.lastEventId;
    this.#retryMs = connection.retryMs;
    this.#awaySinceMs = connection.awaySinceMs;
    this.#closing.signal.addEventListener("abort", () => this.#end());
  }

  /**
   * Runs the loop. The loop retries at once when the page is visible again or the network is available again. The
   * promise resolves when `close` or an error response of the server has ended the loop. Never rejects.
   */
  async run(): Promise<void> {
    // The first request has the changes of this turn. A stream that is open already has other filters.
    if (!this.#opener.hasFirst) await Promise.resolve();
    watchPage((options) => this.retry(options), this.#closing.signal);
    while (!this.#wakeup.isClosed)
      await this.#attempt().catch((error: Error) => {
        if (this.#wakeup.isClosed) return;
        this.close(error);
        this.#events.state({ kind: "closed", error });
      });
  }

  follow(filters: readonly string[], options: FollowOptions = {}): Promise<void> {
    const followed = this.#desired.follow(filters, options);
    if (this.#wakeup.isClosed) this.#end();
    else this.#wakeup.notify("change");
    return followed;
  }

  /**
   * Ends the wait before the next attempt. After a network failure (`wasOffline`), the loop also replaces an open
   * stream.
   */
  retry({ wasOffline }: { readonly wasOffline: boolean }): void {
    this.#wakeup.notify("retry");
    if (!wasOffline) return;
    this.#opener.networkChanged();
    this.reopen();
  }

  /** Replaces the open stream. */
  reopen(): void {
    this.#wakeup.notify("change");
  }

  close(error = new Error("the connection is closed")): void {
    this.#closing.abort(error);
  }

  #end(): void {
    this.#wakeup.notify("close");
    this.#desired.reject(this.#closing.signal.reason, []);
  }

  /** Makes one attempt: opens a stream, reads the stream to its end, and waits. */
  async #attempt(): Promise<void> {
    if (this.#desired.filters.length === 0) return this.#idle();
    this.#awaySinceMs ??= Date.now();
    if (!this.#opener.hasFirst) this.#events.state({ kind: "connecting" });
    const stream = await this.#open().catch((error: unknown) => {
      if (!isNoStream(error)) throw error;
      // An attempt whose data was held back was a wait already.
      return this.#wait(error.message, error.retryAfterMs, error.trouble === "held" ? 0.1 : 1);
    });
    if (stream === undefined) return;
    const end = await this.#read(stream);
    if (this.#desired.filters.length > 0 && end !== undefined) await this.#wait(end.reason, end.retryAfterMs);
  }

  async #idle(): Promise<void> {
    this.#wakeup.clear();
    this.#desired.confirm(this.#desired.current());
    this.#events.state({ kind: "idle" });
    await this.#wakeup.wait("change", {});
  }

  /** Waits at least `leastMs`. A random time follows, so that not all clients return at the same moment. */
  async #wait(reason: string, leastMs = 0, share = 1): Promise<undefined> {
    if (this.#wakeup.isClosed) return;
    const delayMs = Math.min(maxTimerMs, leastMs + share * this.#delayMs());
    this.#events.state({ kind: "waiting", delayMs, reason });
    await this.#wakeup.wait("retry", { timeoutMs: delayMs });
  }

  #delayMs(): number {
    const now = Date.now();
    const awayMs = now - (this.#awaySinceMs ?? now);
    return reconnectDelayMs({ reconnectionMs: this.#retryMs, awayMs, random: Math.random() });
  }

  async #open(): Promise<OpenedStream> {
    this.#wakeup.clear();
    const desired = this.#desired.current();
    const lastEventId = this.#cursor;
    // Without a position to resume from, the stream begins with all retained values anyway.
    const added = lastEventId === "" ? [] : desired.added;
    const stream = await this.#opener.open({ filters: desired.filters, added, lastEventId });
    const renewMs = this.#opener.renewInMs();
    if (renewMs !== undefined) this.#wakeup.schedule(renewMs, () => this.#renew());
    this.#expectHeartbeats(stream.heartbeatMs);
    this.#awaySinceMs = undefined;
    this.#events.state({ kind: "open", transport: stream.transport });
    this.#desired.confirm(desired);
    return stream;
  }

  #renew(): void {
    this.#opener.renewToken();
    this.#wakeup.notify("change");
  }

  /**
   * Reads a stream and its replacements until the current stream ends. Returns undefined if the next attempt should
   * follow at once.
   */
  async #read(first: OpenedStream): Promise<StreamEnd | undefined> {
    let stream = first;
    let reading = stream.next();
    let positionMs = maxPositionMs;
    for (;;) {
      // Without a position, a replacement would begin at the present: events since the first stream would be lost.
      const mayChange = positionMs === 0 || this.#cursor !== "";
      const timeoutMs = mayChange ? this.#silenceMs : positionMs;
      const result = await this.#wakeup.wait(mayChange ? "change" : "retry", { reading, timeoutMs });
      if (!mayChange && (result.kind === "timeout" || result.kind === "retry")) positionMs = 0;
      else if (result.kind === "batch") {
        await this.#receive(result);
        reading = stream.next();
      } else if (result.kind === "change" && this.#desired.filters.length > 0) {
        const before = stream;
        stream = await this.#replace(before);
        if (stream !== before) reading = stream.next();
      } else {
        stream.close();
        if (result.kind === "end") return result;
        const usesAnother = result.kind === "timeout" && this.#opener.fellSilent();
        return usesAnother ? undefined : { kind: "end", reason: "the stream was silent too long" };
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
      if (isRefused(error)) this.#desired.reject(error, stream.request.filters);
      else this.#wakeup.schedule(this.#delayMs(), () => this.reopen());
      return stream;
    }
  }

  #expectHeartbeats(heartbeatMs = 0): void {
    this.#silenceMs = heartbeatMs > 0 ? heartbeatMs * silentHeartbeats : undefined;
  }

  async #receive({ arrivals, retryMs, heartbeatMs }: ArrivalBatch): Promise<void> {
    this.#retryMs = retryMs ?? this.#retryMs;
    if (heartbeatMs !== undefined) this.#expectHeartbeats(heartbeatMs);
    for (const arrival of arrivals) {
      if (this.#wakeup.isClosed) return;
      if (arrival.item?.kind !== "event" || arrival.item.retained === undefined) this.#desired.endRetained();
      this.#cursor = arrival.cursor;
      const room = this.#events.arrival(arrival);
      if (room !== undefined) await room;
    }
  }
}
