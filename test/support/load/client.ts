import { startChild, type Child } from "../ipc.js";
import type { OnEnd } from "../on-end.js";
import { faultsOf, type CountName } from "./counts.js";
import type { LoadProtocol, GroupSpec, Leaving, Reading, Snapshot } from "./protocol.js";

export type { GroupSpec, Leaving, Reading, Snapshot } from "./protocol.js";
export { faultsOf, type CountName, type Counts } from "./counts.js";

interface Within {
  /** The time-out in milliseconds. The error names the number of missing clients. */
  readonly within: number;
}

/** A child process with up to 10,000 clients. A test may start several. */
export class LoadClients {
  readonly #child: Child<LoadProtocol>;

  constructor(child: Child<LoadProtocol>) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * CPU time of the clients in seconds. At almost one CPU second per second, the clients are the limit, not the server.
   */
  cpuSeconds(): number {
    return this.#child.cpuSeconds();
  }

  /** Begins to open a group; see {@link LoadGroup.waitOpen}. */
  async begin(spec: GroupSpec): Promise<LoadGroup> {
    await this.#child.call("open", spec);
    return new LoadGroup(this.#child, spec);
  }

  /** Opens a group and waits until all streams of the group are open, by default for up to 30 s. */
  async open(spec: GroupSpec, options: Partial<Within> = {}): Promise<LoadGroup> {
    const group = await this.begin(spec);
    await group.waitOpen({ within: options.within ?? 30_000 });
    return group;
  }

  /** Closes all clients at once. */
  async close(): Promise<void> {
    await this.#child.close();
  }
}

/** A group of clients that the test controls. */
export class LoadGroup {
  readonly #child: Child<LoadProtocol>;
  readonly #spec: GroupSpec;

  constructor(child: Child<LoadProtocol>, spec: GroupSpec) {
    this.#child = child;
    this.#spec = spec;
  }

  /** Waits until this number of streams is open, by default all of the group. */
  async waitOpen(options: Within & { readonly atLeast?: number }): Promise<void> {
    const atLeast = options.atLeast ?? this.#spec.clients;
    await this.#wait({ condition: { kind: "open", atLeast }, within: options.within });
  }

  /** Waits until every remaining client has received this number, in all of its streams or in `stream`. */
  async waitSequence(
    options: Within & { readonly atLeast: number; readonly stream?: string },
  ): Promise<void> {
    const { within, ...rest } = options;
    await this.#wait({ condition: { kind: "sequence", ...rest }, within });
  }

  /** Waits until a count, such as `closed` or `gaps`, has reached this value. */
  async waitCount(name: CountName, options: Within & { readonly atLeast: number }): Promise<void> {
    await this.#wait({
      condition: { kind: "count", name, atLeast: options.atLeast },
      within: options.within,
    });
  }

  async snapshot(): Promise<Snapshot> {
    return this.#child.call("snapshot", { group: this.#spec.name });
  }

  /** Faults as `name: count`; `{}` if every client stayed and received everything once and in order. */
  async faults(allowed: readonly CountName[] = []): Promise<Partial<Record<CountName, number>>> {
    return faultsOf((await this.snapshot()).counts, allowed);
  }

  /** Makes clients leave (by default all), the oldest first. Returns their number. */
  async leave(options: { readonly clients?: number; readonly how?: Leaving } = {}): Promise<number> {
    const { clients = Number.MAX_SAFE_INTEGER, how = "end" } = options;
    return this.#child.call("leave", { group: this.#spec.name, clients, how });
  }

  /** Changes how fast the clients read; paused clients continue. Open sockets keep their read buffer. */
  async read(reading: Reading): Promise<void> {
    await this.#child.call("read", { group: this.#spec.name, reading });
  }

  /** Deletes the delays so far. Call this function after warming up. */
  async resetDelays(): Promise<void> {
    await this.#child.call("resetDelays", { group: this.#spec.name });
  }

  async #wait(ask: Omit<LoadProtocol["wait"]["ask"], "group">): Promise<void> {
    await this.#child.call("wait", { group: this.#spec.name, ...ask });
  }
}

/** Starts a process for clients. The process ends with the test. */
export function startLoadClients(options: { readonly onEnd?: OnEnd } = {}): LoadClients {
  const entry = new URL("./worker.ts", import.meta.url);
  return new LoadClients(startChild<LoadProtocol>({ entry, ...options }));
}

/** One line about a group, for a test's printed figures. */
export function describe({ name, counts, delays }: Snapshot): string {
  const ms = (value: number): string => value.toFixed(1);
  const faults = Object.entries(faultsOf(counts)).map(([fault, count]) => `${fault} ${count}`);
  return [
    `${name}: ${counts.open} of ${counts.clients} open, ${counts.events} events`,
    `delay p50 ${ms(delays.p50)} p90 ${ms(delays.p90)} p99 ${ms(delays.p99)} max ${ms(delays.max)} ms`,
    faults.length === 0 ? "no faults" : faults.join(", "),
  ].join("; ");
}
