import type { Socket } from "node:net";
import type { Clock } from "../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { DescriptorPlan } from "../limits/descriptors.js";
import { descriptorOf } from "./descriptor-of.js";

export interface ConnectionDescriptorsOptions {
  readonly descriptors: DescriptorPlan;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The shortest time between two log lines about refused connections, in milliseconds. */
const warnEveryMs = 10_000;

/** The side that connects: its bound in the plan, its counter, and its log line. */
const kinds = {
  client: {
    bound: "clientsBelow",
    counter: "connections_cut_total",
    field: "forClients",
    message: "refused a connection: clients use all file descriptors that they may use",
  },
  publisher: {
    bound: "publishersBelow",
    counter: "publishers_refused_total",
    field: "forPublishers",
    message: "publishers must wait: this process has too few free file descriptors",
  },
} as const;

/**
 * Refuses the connections of one kind whose descriptors are for others, before any byte. So there are always descriptors
 * for publishers, workers, the admin address and files. A ZeroMQ publisher tries again every 100 ms, and sends its
 * messages when the hub accepts it.
 */
export class ConnectionDescriptors {
  readonly #kind: (typeof kinds)[keyof typeof kinds];
  readonly #options: ConnectionDescriptorsOptions;
  readonly #warn: LimitedLog;

  constructor(kind: keyof typeof kinds, options: ConnectionDescriptorsOptions) {
    this.#kind = kinds[kind];
    this.#options = options;
    this.#warn = limitedLog({ ...options, periodMs: warnEveryMs });
  }

  /** True if the peer may have this new connection. Otherwise closes the connection, counts it, and logs the reason. */
  admit(socket: Socket): boolean {
    const { bound, counter, field, message } = this.#kind;
    const { descriptors, metrics } = this.#options;
    if ((descriptorOf(socket) ?? 0) < descriptors[bound]) return true;
    metrics.count(counter, 1, { reason: "descriptors" });
    this.#warn(
      { limit: descriptors.limit, [field]: descriptors[bound] },
      `${message}; raise the limit of open files (ulimit -n, LimitNOFILE)`,
    );
    socket.destroy();
    return false;
  }
}
