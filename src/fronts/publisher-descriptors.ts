import type { Socket } from "node:net";
import type { Clock } from "../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import { descriptorOf } from "./descriptor-of.js";
import type { DescriptorPlan } from "../limits/descriptors.js";

export interface PublisherDescriptorsOptions {
  readonly descriptors: DescriptorPlan;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The shortest time between two log lines about refused publishers, in milliseconds. */
const warnEveryMs = 10_000;

/**
 * Refuses publishers whose descriptors are not for publishers, before any byte. ZeroMQ then tries again every 100 ms, and
 * sends its messages when it is accepted.
 */
export class PublisherDescriptors {
  readonly #options: PublisherDescriptorsOptions;
  readonly #warn: LimitedLog;

  constructor(options: PublisherDescriptorsOptions) {
    this.#options = options;
    this.#warn = limitedLog({ ...options, periodMs: warnEveryMs });
  }

  /** True if the publisher may have this new connection. Otherwise closes the connection, counts it, and logs the reason. */
  admit(socket: Socket): boolean {
    const { publishersBelow, limit } = this.#options.descriptors;
    if ((descriptorOf(socket) ?? 0) < publishersBelow) return true;
    this.#options.metrics.count("publishers_refused_total", 1, { reason: "descriptors" });
    this.#warn(
      { limit, forPublishers: publishersBelow },
      "publishers must wait: this process has too few free file descriptors; raise the limit of open files (ulimit -n, LimitNOFILE)",
    );
    socket.destroy();
    return false;
  }
}
