/** The clients of an environment. Scenarios with equal specs run in the same environment. */
export interface EnvironmentSpec {
  readonly clients: number;
  /** "own": each client has its own topic; "one": all clients have the same topic. */
  readonly topics: "one" | "own";
  /** Whether clients store the last event id and send it when they reconnect. */
  readonly ids: boolean;
  /** Additional clients on 10,000 other topics. The publisher sends nothing to these topics. @default 0 */
  readonly others?: number;
}

/** The number of topics that an environment publishes to. */
export function streamsOf({ clients, topics }: EnvironmentSpec): number {
  return topics === "own" ? Math.max(1, clients) : 1;
}
