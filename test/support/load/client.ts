import { startChild, type Child } from "../ipc.js";
import type { OnEnd } from "../on-end.js";
import { faultsOf, type CountName } from "./counts.js";
import type { LoadProtocol, GroupSpec, Leaving, Reading, Snapshot } from "./protocol.js";

export type { GroupSpec, Leaving, Reading, Snapshot } from "./protocol.js";
export { faultsOf, type CountName, type Counts } from "./counts.js";

interface Within {
  /** Milliseconds; at the deadline the wait rejects and says who is missing. */
  readonly within: number;
}

/** A child process full of clients. 10,000 fit into one; several may run side by side. */
export class LoadClients {
  readonly #child: Child<LoadProtocol>;

  constructor(child: Child<LoadProtocol>) {
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Processor seconds used by the clients themselves: near one a second, they are the limit, not the server. */
  cpuSeconds(): number {
    return this.#child.cpuSeconds();
  }

  /** Begins to open a group; see {@link LoadGroup.waitOpen}. */
  async begin(spec: GroupSpec): Promise<LoadGroup> {
    await this.#child.call("open", spec);
    return new LoadGroup(this.#child, spec);
  }

  /** Opens a group and waits until all its streams are open, 30 s by default. */
  async open(spec: GroupSpec, options: Partial<Within> = {}): Promise<LoadGroup> {
    const group = await this.begin(spec);
    await group.waitOpen({ within: options.within ?? 30_000 });
    return group;
  }

  /** Drops all clients at once. */
  async close(): Promise<void> {
    await this.#child.close();
  }
}

/** A group of clients, driven from the test. */
export class LoadGroup {
  readonly #child: Child<LoadProtocol>;
  readonly #spec: GroupSpec;

  constructor(child: Child<LoadProtocol>, spec: GroupSpec) {
    this.#child = child;
    this.#spec = spec;
  }

  /** Until so many streams are open at once, all of the group by default. */
  async waitOpen(options: Within & { readonly atLeast?: number }): Promise<void> {
    const atLeast = options.atLeast ?? this.#spec.clients;
    await this.#wait({ condition: { kind: "open", atLeast }, within: options.within });
  }

  /** Until every client that has not left has this number, in each of its streams or in the one named. */
  async waitSequence(
    options: Within & { readonly atLeast: number; readonly stream?: string },
  ): Promise<void> {
    const { within, ...rest } = options;
    await this.#wait({ condition: { kind: "sequence", ...rest }, within });
  }

  /** Until a count has grown so far, for instance `closed` or `gaps`. */
  async waitCount(name: CountName, options: Within & { readonly atLeast: number }): Promise<void> {
    await this.#wait({
      condition: { kind: "count", name, atLeast: options.atLeast },
      within: options.within,
    });
  }

  async snapshot(): Promise<Snapshot> {
    return this.#child.call("snapshot", { group: this.#spec.name });
  }

  /** What went wrong, as `name: count`; `{}` when every client got everything once and in order and stayed. */
  async faults(allowed: readonly CountName[] = []): Promise<Partial<Record<CountName, number>>> {
    return faultsOf((await this.snapshot()).counts, allowed);
  }

  /** Lets so many clients leave (all by default), the first ones first; returns how many did. */
  async leave(options: { readonly clients?: number; readonly how?: Leaving } = {}): Promise<number> {
    const { clients = Number.MAX_SAFE_INTEGER, how = "end" } = options;
    return this.#child.call("leave", { group: this.#spec.name, clients, how });
  }

  /** Changes how the clients read; paused ones read on. Sockets that stand keep the size of their read buffer. */
  async read(reading: Reading): Promise<void> {
    await this.#child.call("read", { group: this.#spec.name, reading });
  }

  /** Delays count from now on: call it after warming up. */
  async resetDelays(): Promise<void> {
    await this.#child.call("resetDelays", { group: this.#spec.name });
  }

  async #wait(ask: Omit<LoadProtocol["wait"]["ask"], "group">): Promise<void> {
    await this.#child.call("wait", { group: this.#spec.name, ...ask });
  }
}

/** Starts a child for clients; it ends with the test. */
export function startLoadClients(options: { readonly onEnd?: OnEnd } = {}): LoadClients {
  const entry = new URL("./worker.ts", import.meta.url);
  return new LoadClients(startChild<LoadProtocol>({ entry, ...options }));
}

/** One line on a group, for a test's printed figures. */
export function describe({ name, counts, delays }: Snapshot): string {
  const ms = (value: number): string => value.toFixed(1);
  const faults = Object.entries(faultsOf(counts)).map(([fault, count]) => `${fault} ${count}`);
  return [
    `${name}: ${counts.open} of ${counts.clients} open, ${counts.events} events`,
    `delay p50 ${ms(delays.p50)} p90 ${ms(delays.p90)} p99 ${ms(delays.p99)} max ${ms(delays.max)} ms`,
    faults.length === 0 ? "no faults" : faults.join(", "),
  ].join("; ");
}
