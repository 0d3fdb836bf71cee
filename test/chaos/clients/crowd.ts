import { isPushStream } from "../../moves/clients/client-kind.js";
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
  readonly topics: readonly string[];
  readonly port: number;
  /** True if the hub serves the transports of the push stream module. */
  readonly hasPushStream: boolean;
  /** How many follow all topics. @default one of each transport */
  readonly followAll?: number;
  /** The part of the topics that each of the others follows. @default 0.5 */
  readonly part?: number;
  readonly token: string;
  readonly recorder: Recorder;
  readonly random: () => number;
}): readonly ChaosSubscriber[] {
  const { count, topics, hasPushStream, token, part = 0.5, ...shared } = options;
  const kinds = transports.filter((transport) => hasPushStream || !isPushStream(transport));
  const { followAll = kinds.length } = options;
  return Array.from({ length: count }, (_, index) => {
    const transport = kinds[index % kinds.length] ?? "event-stream";
    const some = topics.filter(() => index < followAll || shared.random() < part);
    return new ChaosSubscriber({
      ...shared,
      name: `${transport} ${index}`,
      transport,
      topics: some.length > 0 ? some : [topics[index % topics.length] ?? ""],
      ...((index + Math.floor(index / kinds.length)) % 2 === 0 ? { token } : {}),
    });
  });
}
