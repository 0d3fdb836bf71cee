import type { Socket } from "node:net";
import type { Clock } from "../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { DescriptorPlan } from "../limits/descriptors.js";
import { descriptorOf } from "./descriptor-of.js";

export interface ClientDescriptorsOptions {
  readonly descriptors: DescriptorPlan;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The shortest time between two log lines about refused connections, in milliseconds. */
const warnEveryMs = 10_000;

/**
 * Refuses connections whose descriptors are not for clients. So there are always descriptors for publishers, workers,
 * the admin address and files.
 */
export class ClientDescriptors {
  readonly #options: ClientDescriptorsOptions;
  readonly #warn: LimitedLog;

  constructor(options: ClientDescriptorsOptions) {
    this.#options = options;
    this.#warn = limitedLog({ ...options, periodMs: warnEveryMs });
  }

  /** True if the client may have this new connection. Otherwise closes the connection, counts it, and logs the reason. */
  admit(socket: Socket): boolean {
    const { clientsBelow, limit } = this.#options.descriptors;
    if ((descriptorOf(socket) ?? 0) < clientsBelow) return true;
    this.#options.metrics.count("connections_cut_total", 1, { reason: "descriptors" });
    this.#warn(
      { limit, forClients: clientsBelow },
      "refused a connection: clients use all file descriptors that they may use; raise the limit of open files (ulimit -n, LimitNOFILE)",
    );
    socket.destroy();
    return false;
  }
}
