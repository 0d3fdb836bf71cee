import type { Transport } from "../../moves/clients/client-kind.js";
import type { Recorder } from "../history/recorder.js";
import { ChaosSubscriber } from "./subscriber.js";

const transports: readonly Transport[] = [
  "event-stream",
  "web-socket",
  "poll",
  "mercure",
  "push-ev",
  "push-sub",
  "push-ws",
  "push-lp",
];

/**
 * Subscribers of all transports. Every second one may read private publications. The first ones follow everything, the
 * others a part.
 */
export function chaosSubscribers(options: {
  readonly count: number;
  /** Begins the names of the clients. @default "" */
  readonly group?: string;
  readonly topics: readonly string[];
  readonly port: () => number;
  /** How many follow all topics. @default one of each transport */
  readonly followAll?: number;
  /** The part of the topics that each of the others follows. @default 0.5 */
  readonly part?: number;
  readonly token: string;
  readonly recorder: Recorder;
  readonly random: () => number;
}): readonly ChaosSubscriber[] {
  const { count, group = "", topics, token, followAll = transports.length, part = 0.5, ...shared } = options;
  return Array.from({ length: count }, (_, index) => {
    const transport = transports[index % transports.length] ?? "event-stream";
    const some = topics.filter(() => index < followAll || shared.random() < part);
    return new ChaosSubscriber({
      ...shared,
      name: `${group}${transport} ${index}`,
      transport,
      topics: some.length > 0 ? some : [topics[index % topics.length] ?? ""],
      ...((index + Math.floor(index / transports.length)) % 2 === 0 ? { token } : {}),
    });
  });
}
