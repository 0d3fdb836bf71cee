import type { Transport } from "../../moves/clients/client-kind.js";
import type { Recorder } from "../history/recorder.js";
import { ChaosSubscriber } from "./subscriber.js";

export const chaosTopics = ["t0", "t1", "t2", "t3"] as const;

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

/** Subscribers of all transports. Every second one may read private publications, and some follow few topics. */
export function chaosSubscribers(options: {
  readonly count: number;
  readonly topics: readonly string[];
  readonly port: () => number;
  readonly token: string;
  readonly recorder: Recorder;
  readonly random: () => number;
}): readonly ChaosSubscriber[] {
  const { count, topics, token, ...shared } = options;
  return Array.from({ length: count }, (_, index) => {
    const transport = transports[index % transports.length] ?? "event-stream";
    // The first subscriber of each transport follows everything.
    const some = topics.filter(() => index < transports.length || shared.random() < 0.5);
    return new ChaosSubscriber({
      ...shared,
      name: `${transport} ${index}`,
      transport,
      topics: some.length > 0 ? some : topics.slice(0, 1),
      ...((index + Math.floor(index / transports.length)) % 2 === 0 ? { token } : {}),
    });
  });
}
