import { randomUUID } from "node:crypto";

import { atMost } from "../base/at-most.js";
import type { Clock, Timer } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import { limitedLog, type LimitedLog, type Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import { jittered } from "../base/waits/jittered.js";
import type { StreamEnded } from "../delivery/joining/open-stream.js";
import type { ReportedStream, StreamReports } from "../gateway/streams/stream-reports.js";
import { EventQueue } from "./event-queue.js";
import { sendWebhook } from "./send-webhook.js";
import { parseWebhookSecret, signWebhook } from "./signing/webhook-secret.js";

export interface WebhooksOptions {
  /** Read at each use, so that the values can change. */
  readonly settings: {
    /** Undefined if nobody gets webhooks. */
    readonly webhook?: string | undefined;
    readonly webhookSecret?: string | undefined;
    readonly limits: {
      /** The most bytes of events that wait. */
      readonly webhookBytes: number;
      /** The most messages in a second. */
      readonly webhooksPerSecond: number;
    };
  };
  /** Certificates in PEM that the hub trusts for https. @default those of Node */
  readonly ca?: string | undefined;
  /** The name of this hub. */
  readonly node: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The time-out of one attempt, in milliseconds. */
const answerWithinMs = 10_000;

/** The attempts to deliver one message. With the waits between them, they take two to three minutes. */
const mostAttempts = 8;

/** The wait after the first attempt, in milliseconds. Each further wait is twice as long, up to the longest. */
const firstWaitMs = 1000;
const longestWaitMs = 60_000;

/** The random part of each wait: many hubs may wait for the same receiver. */
const waitShare = 0.5;

/** The longest time that the end of the hub waits for the receiver, in milliseconds. */
const closeWithinMs = 3000;

/** The period in which at most one log line tells of each kind of failure, in milliseconds. */
const tellEveryMs = 10_000;

/** A message is an array of events in JSON. All attempts send the same bytes. */
interface Message {
  readonly id: string;
  readonly body: string;
  /** The events of streams. */
  readonly events: number;
  /** The dropped events of which the message tells. */
  readonly missed: number;
}

/**
 * Sends the begin and the end of each stream of this hub to a receiver, one message after the other, as Standard
 * Webhooks 1.0 describes it. No stream ever waits. If the receiver is too slow or fails, events are dropped and counted.
 * The log tells of them, and so does the next message.
 */
export class Webhooks implements StreamReports {
  readonly #options: WebhooksOptions;
  readonly #queue = new EventQueue();
  readonly #tellDrops: LimitedLog;
  readonly #tellFailures: LimitedLog;
  /** Dropped events of which the receiver does not know. */
  #missed = 0;
  #timer: Timer | undefined;
  #wait: { readonly timer: Timer; readonly end: () => void } | undefined;
  #sending: Promise<void> | undefined;
  readonly #abort = new AbortController();
  #isClosing = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#tellDrops = limitedLog({ ...options, periodMs: tellEveryMs });
    this.#tellFailures = limitedLog({ ...options, periodMs: tellEveryMs });
  }

  get isOn(): boolean {
    return this.#options.settings.webhook !== undefined;
  }

  /** Memory of the events that wait, in bytes. */
  get bytes(): number {
    return this.#queue.bytes;
  }

  subscribed(stream: ReportedStream): StreamEnded {
    const { clock, node } = this.#options;
    const known = { client: randomUUID(), ...stream, node };
    const startedMs = clock.monotonic();
    this.#add({ event: "subscribe", ...known });
    return (reason) => {
      const seconds = Math.round(clock.monotonic() - startedMs) / 1000;
      // A close frame and the end of a connection are both the wish of the client.
      const told = reason === "requested" ? "left" : reason;
      this.#add({ event: "leave", ...known, reason: told, seconds });
    };
  }

  /** Sends the events that wait, in three seconds at most. Drops the rest. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wait?.end();
    this.#begin();
    await atMost(this.#options.clock, closeWithinMs, this.#sending ?? Promise.resolve());
    this.#abort.abort();
    await this.#sending;
    this.#drop(this.#queue.length, "stopped");
  }

  #add(event: Readonly<Record<string, unknown>>): void {
    const { clock, settings } = this.#options;
    const json = JSON.stringify({ ...event, time: new Date(clock.now()).toISOString() });
    if (this.#queue.add(json, settings.limits.webhookBytes)) this.#gather();
    else this.#drop(1, "full");
  }

  /** Waits for further events: one message has the events of a while. */
  #gather(): void {
    if (this.#sending !== undefined || this.#timer !== undefined || this.#isClosing) return;
    const ms = 1000 / this.#options.settings.limits.webhooksPerSecond;
    this.#timer = this.#options.clock.after(ms, () => this.#begin());
  }

  #begin(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#queue.length > 0) this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    do await this.#deliver(this.#nextMessage());
    while (this.#isClosing && this.#queue.length > 0 && !this.#abort.signal.aborted);
    this.#sending = undefined;
    if (this.#queue.length > 0) this.#gather();
  }

  #nextMessage(): Message {
    const events = this.#queue.takeMessage();
    const missed = this.#missed;
    this.#missed = 0;
    const { clock, node } = this.#options;
    const time = new Date(clock.now()).toISOString();
    const told = missed === 0 ? [] : [JSON.stringify({ event: "missed", missed, node, time })];
    const body = `[${[...told, ...events].join(",")}]`;
    return { id: `msg_${randomUUID()}`, body, events: events.length, missed };
  }

  /** Tries until the receiver has the message, or has refused it too often. At a stop, tries only once more. */
  async #deliver(message: Message): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = this.#isClosing || attempt === mostAttempts;
      const retryAfterMs = await this.#attempt(message);
      if (retryAfterMs === undefined) return;
      if (isLast || this.#abort.signal.aborted) break;
      const waitMs = Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs);
      await this.#pause(Math.max(jittered(waitMs, waitShare), Math.min(retryAfterMs, longestWaitMs)));
    }
    this.#missed += message.missed;
    this.#drop(message.events, "failed");
  }

  /** Undefined if the receiver has the message, else the least wait before the next attempt, in milliseconds. */
  async #attempt({ id, body }: Message): Promise<number | undefined> {
    const { ca, clock, metrics, settings } = this.#options;
    const secret = parseWebhookSecret(settings.webhookSecret ?? "");
    // A reload may have switched the webhooks off.
    if (settings.webhook === undefined || secret === undefined) return 0;
    const timeout = new AbortController();
    const timer = clock.after(answerWithinMs, () => timeout.abort(new Error(tooSlow)));
    try {
      const signal = AbortSignal.any([timeout.signal, this.#abort.signal]);
      const timestamp = Math.floor(clock.now() / 1000);
      const headers = {
        "content-type": "application/json",
        "user-agent": "pharos",
        ...signWebhook(secret, { id, timestamp, body }),
      };
      const { status, retryAfterMs } = await sendWebhook({
        url: new URL(settings.webhook),
        headers,
        body,
        ca,
        signal,
      });
      const isDelivered = status >= 200 && status < 300;
      metrics.count("webhooks_total", 1, { result: isDelivered ? "delivered" : "refused" });
      if (isDelivered) return undefined;
      this.#tellFailures(
        { status },
        "the receiver of webhooks refused a message; allowed is a status of 200 to 299",
      );
      return retryAfterMs;
    } catch (error) {
      metrics.count("webhooks_total", 1, { result: "failed" });
      const reason = timeout.signal.aborted ? tooSlow : messageOf(error);
      this.#tellFailures({ reason }, "the receiver of webhooks cannot be reached");
      return 0;
    } finally {
      timer.cancel();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#wait?.timer.cancel();
        this.#wait = undefined;
        resolve();
      };
      this.#wait = { timer: this.#options.clock.after(ms, end), end };
    });
  }

  #drop(events: number, reason: "full" | "failed" | "stopped"): void {
    if (events === 0) return;
    this.#missed += events;
    this.#options.metrics.count("webhook_events_dropped_total", events, { reason });
    this.#tellDrops(
      { events, reason },
      "webhooks: the hub drops events, because the receiver does not take them",
    );
  }
}

const tooSlow = `there was no response within ${answerWithinMs / 1000} s`;
