import { reconnectDelayMs } from "./backoff.js";
import { Wakeup } from "./wakeup.js";
import type { Feed, FeedEvents } from "./feed.js";
import { StreamRefusedError, UnservedError } from "../messages/refusal.js";
import type { OpenedStream, StreamOpener } from "./stream-opener.js";
import { reasonText, type ArrivalBatch } from "../transports/transport.js";
import type { DesiredFilters } from "./desired-filters.js";

/** A stream is dead when it has been silent for so many heartbeats: one may be late, and one lost on the way. */
const heartbeatsMissed = 3;

export interface StreamLoopOptions {
  readonly opener: StreamOpener;
  readonly wishes: DesiredFilters;
  /** `""` means none. */
  readonly lastEventId: string;
}

/**
 * Keeps one stream of a hub: opens it, resumes after what was taken last when it ends, and opens another in its place
 * when filters or the token change. While that one is being opened the old one is kept but not read: so nothing is
 * lost, doubled or out of order, and when it cannot be opened the old one goes on.
 */
export class StreamLoop implements Feed {
  readonly #opener: StreamOpener;
  readonly #wishes: DesiredFilters;
  readonly #events: FeedEvents;
  readonly #bell = new Wakeup();
  #cursor: string;
  #retryMs: number | undefined;
  #silenceMs: number | undefined;
  #failures = 0;

  constructor({ opener, wishes, lastEventId }: StreamLoopOptions, events: FeedEvents) {
    this.#opener = opener;
    this.#wishes = wishes;
    this.#cursor = lastEventId;
    this.#events = events;
  }

  /** Begins; resolves, and never rejects, when it has been closed, or the server has refused it for good. */
  async run(): Promise<void> {
    while (!this.#bell.isClosed)
      await this.#turn().catch((error: Error) => {
        if (this.#bell.isClosed) return;
        this.close(error);
        this.#events.state({ kind: "closed", error });
      });
  }

  /** @param again filters whose retained values are to come once more, for somebody who has not seen them */
  follow(filters: readonly string[], again: readonly string[] = []): Promise<void> {
    const followed = this.#wishes.follow(filters, again);
    if (this.#bell.isClosed) this.close();
    else this.#bell.ring("change");
    return followed;
  }

  /** The page or the network is back: ends a wait; with `renewed` an open stream is replaced, too. */
  hurry({ renewed }: { readonly renewed: boolean }): void {
    this.#bell.ring("hurry");
    if (renewed) this.#bell.ring("change");
  }

  close(error = new Error("the connection is closed")): void {
    this.#bell.ring("close");
    this.#opener.close();
    this.#wishes.refuse(error, []);
  }

  /** From one attempt to the next. */
  async #turn(): Promise<void> {
    if (this.#wishes.filters.length === 0) return this.#idle();
    this.#events.state({ kind: "connecting" });
    const stream = await this.#open().catch((error: unknown) => {
      if (error instanceof StreamRefusedError) throw error;
      this.#failures += 1;
      return this.#wait(reasonText(error), error instanceof UnservedError ? error.retryAfterMs : 0);
    });
    if (stream === undefined) return;
    this.#failures = 0;
    const reason = await this.#read(stream);
    if (this.#wishes.filters.length > 0) await this.#wait(reason, 0);
  }

  async #idle(): Promise<void> {
    this.#bell.answer();
    this.#wishes.met(this.#wishes.now());
    this.#events.state({ kind: "idle" });
    await this.#bell.hear("change", {});
  }

  async #wait(reason: string, leastMs: number): Promise<undefined> {
    if (this.#bell.isClosed) return;
    const delayMs = Math.max(this.#delayMs(this.#failures), leastMs);
    this.#events.state({ kind: "waiting", delayMs, reason });
    await this.#bell.hear("hurry", { silenceMs: delayMs });
  }

  #delayMs(failures: number): number {
    return reconnectDelayMs({ reconnectionMs: this.#retryMs, failures, random: Math.random() });
  }

  async #open(): Promise<OpenedStream> {
    this.#bell.answer();
    const wish = this.#wishes.now();
    const lastEventId = this.#cursor;
    // Whoever does not resume gets all retained values anyway.
    const added = lastEventId === "" ? [] : wish.added;
    const stream = await this.#opener.open({ filters: wish.filters, added, lastEventId });
    if (stream.renewInMs !== undefined) this.#bell.later(stream.renewInMs, () => this.#renew());
    this.#events.state({ kind: "open", transport: stream.transport });
    this.#wishes.met(wish);
    return stream;
  }

  #renew(): void {
    this.#opener.renewToken();
    this.#bell.ring("change");
  }

  /** Reads until the stream ends, and those that take its place; returns why the last one has ended. */
  async #read(first: OpenedStream): Promise<string> {
    let stream = first;
    let reading = stream.next();
    for (;;) {
      const heard = await this.#bell.hear("change", { reading, silenceMs: this.#silenceMs });
      if (heard.kind === "batch") {
        await this.#take(heard);
        reading = stream.next();
      } else if (heard.kind === "change" && this.#wishes.filters.length > 0) {
        const before = stream;
        stream = await this.#replace(before);
        if (stream !== before) reading = stream.next();
      } else {
        stream.close();
        return heard.kind === "end" ? heard.reason : "nothing came for too long";
      }
    }
  }

  /** Another stream for what is wanted now; the same one when that cannot be had now, or ever. */
  async #replace(stream: OpenedStream): Promise<OpenedStream> {
    try {
      const replacement = await this.#open();
      stream.close();
      return replacement;
    } catch (error) {
      if (error instanceof StreamRefusedError) this.#wishes.refuse(error, stream.filters);
      else this.#bell.later(this.#delayMs(1), () => this.#bell.ring("change"));
      return stream;
    }
  }

  async #take({ arrivals, retryMs, heartbeatMs }: ArrivalBatch): Promise<void> {
    this.#retryMs = retryMs ?? this.#retryMs;
    if (heartbeatMs !== undefined) this.#silenceMs = heartbeatMs * heartbeatsMissed;
    for (const arrival of arrivals) {
      if (this.#bell.isClosed) return;
      if (arrival.item?.kind !== "event" || arrival.item.retained === undefined) this.#wishes.begun();
      this.#cursor = arrival.cursor;
      const room = this.#events.arrival(arrival);
      if (room !== undefined) await room;
    }
  }
}
