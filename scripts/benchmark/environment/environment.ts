import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiled } from "../native/compile.js";
import type { Child, Contestant, Running } from "../candidate/candidate.js";
import { Crowd, type CrowdReport, type CrowdWait, type Target } from "../load/load-clients.js";
import { availableBytes } from "../machine/kernel.js";
import { openAll, openWithinMs } from "../load/open-clients.js";
import { cpuSecondsOf, memoryBytes } from "../machine/processes.js";
import type { Published } from "../publisher/publishing.js";
import { Publisher } from "../publisher/publisher.js";

/** The clients of a bed. Scenarios that ask for the same share one. */
export interface BedSpec {
  readonly clients: number;
  /** Whether each client has a topic of its own, or all have one. */
  readonly topics: "one" | "own";
  /** Whether clients keep the last event id. */
  readonly ids: boolean;
  /** Further clients on 10,000 other topics, to which nobody publishes. @default 0 */
  readonly others?: number;
}

const otherTopics = 10_000;
const warmUpTries = 10;
const closeWithinMs = 60_000;

type Parts = Pick<
  Bed,
  "contestant" | "spec" | "server" | "crowd" | "publisher" | "memoryBefore" | "availableBefore" | "opened"
>;

/** A server with its clients and its publisher, all connected. Who opens it closes it. */
export class Bed {
  readonly contestant: Contestant;
  readonly spec: BedSpec;
  readonly server: Running;
  readonly crowd: Crowd;
  readonly publisher: Publisher;
  /** The server's memory before the first client came. */
  readonly memoryBefore: number;
  /** What of the machine's memory was free then, kernel and clients included. */
  readonly availableBefore: number;
  /** How opening all clients went. */
  readonly opened: CrowdWait;
  readonly #undo: readonly (() => Promise<void>)[];
  #warm = false;

  private constructor(parts: Parts, undo: readonly (() => Promise<void>)[]) {
    this.contestant = parts.contestant;
    this.spec = parts.spec;
    this.server = parts.server;
    this.crowd = parts.crowd;
    this.publisher = parts.publisher;
    this.memoryBefore = parts.memoryBefore;
    this.availableBefore = parts.availableBefore;
    this.opened = parts.opened;
    this.#undo = undo;
  }

  /** Starts everything. Rejects, with nothing left behind, when the server does not come up or refuses a client. */
  static async open(contestant: Contestant, spec: BedSpec): Promise<Bed> {
    const undo: (() => Promise<void>)[] = [];
    try {
      return await Bed.#open({ contestant, spec, undo });
    } catch (error) {
      await undoAll(undo);
      throw error;
    }
  }

  static async #open(options: {
    readonly contestant: Contestant;
    readonly spec: BedSpec;
    readonly undo: (() => Promise<void>)[];
  }): Promise<Bed> {
    const { contestant, spec, undo } = options;
    const scratch = await mkdtemp(join(tmpdir(), "pharos-bench-"));
    // Ctrl-C leaves no folder behind, either.
    const atExit = (): void => rmSync(scratch, { recursive: true, force: true });
    process.once("exit", atExit);
    undo.push(async () => {
      process.off("exit", atExit);
      await rm(scratch, { recursive: true, force: true });
    });
    const children: Child[] = [];
    undo.push(async () => stopAll(children));
    const server = await contestant.start({
      clients: spec.clients + (spec.others ?? 0),
      topics: spec.topics,
      scratch,
      own: (child) => {
        children.push(child);
        return child;
      },
    });
    const publisher = new Publisher();
    undo.push(async () => publisher.close());
    const streams = spec.topics === "own" ? spec.clients : 1;
    await publisher.call("connect", { spec: server.publisher, streams: Math.max(1, streams) });
    const [memoryBefore, availableBefore] = [memoryOf(server), availableBytes()];
    const { port, client } = server;
    const crowd = new Crowd({
      program: await compiled("load"),
      clients: spec.clients,
      port,
      client,
      streams: Math.max(1, streams),
      ids: spec.ids,
    });
    undo.push(async () => crowd.close());
    const opened = await openAll({ crowd, clients: spec.clients, server });
    if (spec.others !== undefined) {
      const path = client.path.replace("bench/", "other/");
      const idle = {
        program: await compiled("load"),
        clients: spec.others,
        port,
        client: { ...client, path },
      };
      const others = new Crowd({ ...idle, streams: otherTopics, firstSource: 200 });
      undo.push(async () => others.close());
      await openAll({ crowd: others, clients: spec.others, server });
    }
    const parts = { contestant, spec, server, crowd, publisher, memoryBefore, availableBefore, opened };
    return new Bed(parts, undo);
  }

  /** The server's memory now, in bytes. */
  memory(): number {
    return memoryOf(this.server);
  }

  /** Processor time that the server has used, in seconds. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.server.counted.flatMap((child) => child.pids()));
  }

  /** The same for each of its parts, and for the publisher. */
  cpuSecondsOfParts(): Readonly<Record<string, number>> {
    const parts = this.server.counted.map((child) => [child.name, cpuSecondsOf(child.pids())] as const);
    return Object.fromEntries([...parts, ["publisher", cpuSecondsOf([this.publisher.pid])]]);
  }

  /** What clients must have when all that was published has come. */
  targetOf(published: Pick<Published, "count">): Target {
    const streams = this.spec.topics === "own" ? this.spec.clients : 1;
    const over = published.count % streams;
    return { sequence: Math.ceil(published.count / streams), cut: over === 0 ? 2 ** 32 - 1 : over };
  }

  /** Until everybody has everything that was published. */
  async drained(published: Pick<Published, "count">, within: number): Promise<CrowdWait> {
    return this.crowd.reach(this.targetOf(published), { within });
  }

  /**
   * Publishes to everybody until it arrives: a stream may be open before its client is subscribed. Rejects when some
   * client stays without. Does nothing when that has been done.
   */
  async warmUp(): Promise<void> {
    if (this.#warm) return;
    const round = this.spec.topics === "own" ? this.spec.clients : 1;
    let behind = this.spec.clients;
    for (let attempt = 0; attempt < warmUpTries && behind > 0; attempt++) {
      const published = await this.publisher.call("publish", { count: round });
      behind = (await this.drained(published, Math.max(5000, this.spec.clients / 20))).behind;
    }
    if (behind > 0) throw new Error(`${behind} of ${this.spec.clients} clients get nothing`);
    await this.crowd.reset();
    this.#warm = true;
  }

  /** Brings back the clients that the server has closed, and begins anew with all of them. */
  async refill(): Promise<void> {
    await this.crowd.reconnect({ within: openWithinMs(this.spec.clients) });
    this.#warm = false;
    await this.warmUp();
  }

  /** Publishes at a pace for so long, then waits until all have all; faults and delays are those of this stretch. */
  async stretch(options: {
    readonly perSecond: number;
    /** Of each publication's data. @default payloadBytes */
    readonly bytes?: number;
    readonly seconds: number;
    /** How long to wait for what is under way, in milliseconds. */
    readonly drainWithin: number;
  }): Promise<{
    readonly published: Published;
    readonly report: CrowdReport;
    readonly drained: CrowdWait;
    /** Processor time that the server needed for it, in seconds. */
    readonly cpuSeconds: number;
  }> {
    const { perSecond, bytes } = options;
    await this.warmUp();
    await this.crowd.reset();
    const cpuBefore = this.cpuSeconds();
    await this.publisher.call("begin", { perSecond, ...(bytes === undefined ? {} : { bytes }) });
    await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
    const published = await this.publisher.call("stop", null);
    const drained = await this.drained(published, options.drainWithin);
    const cpuSeconds = this.cpuSeconds() - cpuBefore;
    return { published, drained, cpuSeconds, report: await this.crowd.report() };
  }

  /** Why the next scenario cannot use this bed; `undefined` when all clients are there and have everything. */
  async worn(): Promise<string | undefined> {
    const { open } = await this.crowd.report();
    if (open < this.spec.clients) return `${this.spec.clients - open} clients are gone`;
    const published = await this.publisher.call("stop", null);
    const { behind } = await this.drained(published, 2000);
    return behind > 0 ? `${behind} clients are behind` : undefined;
  }

  async close(): Promise<void> {
    await undoAll(this.#undo);
  }
}

/** Ends what was started, last first. */
async function undoAll(undo: readonly (() => Promise<void>)[]): Promise<void> {
  for (const action of undo.toReversed()) await action();
}

function memoryOf(server: Running): number {
  return memoryBytes(server.counted.flatMap((child) => child.pids()));
}

async function stopAll(children: readonly Child[]): Promise<void> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error("a server does not end")), closeWithinMs).unref();
  });
  await Promise.race([Promise.all(children.map(async (child) => child.stop())), late]);
}
