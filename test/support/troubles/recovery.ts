import { tally, type Tally } from "../follower.js";
import { median, printFigures } from "../load/figures.js";
import { type LibraryClients, openLibraryClients } from "./library-clients.js";
import type { TroubledSite } from "./troubled-site.js";

/** The longest time until all clients receive again, and until all are on the first transport again. */
const bounds = Object.freeze({ receivesMs: 15_000, returnsMs: 120_000 });

/** The time that a wait goes on after a missed bound, so that the figures show by how much the bound was missed. */
const patienceMs = 60_000;

/** The broken promises of a test; see {@link noFaults}. */
export interface Faults {
  readonly missedBounds: readonly string[];
  /** Events that are missing although no gap told of them. */
  readonly lost: number;
  /** Events that came twice, or after a later event. */
  readonly repeated: number;
}

export const noFaults: Faults = { missedBounds: [], lost: 0, repeated: 0 };

/** Measures how soon the clients of a site recover from troubles. */
export class Recovery {
  readonly site: TroubledSite;
  readonly clients: LibraryClients;
  #stopPublishing: () => void = () => undefined;
  /** The time of the last call of {@link receives}. */
  #endedAtMs = 0;
  readonly #lines: string[] = [];
  readonly #missedBounds: string[] = [];

  constructor(site: TroubledSite, clients: LibraryClients) {
    this.site = site;
    this.clients = clients;
  }

  /** Waits until all clients have opened a stream. Then the publisher starts, so the clients must get every event. */
  async opens(): Promise<void> {
    const sinceMs = Date.now();
    const times = await this.clients.open(bounds.receivesMs + patienceMs);
    this.#note("receivesMs", "at the start, open", { times, sinceMs });
    this.#stopPublishing = this.site.startPublishing();
    await this.receives("at the start");
  }

  /** Waits until all clients have received an event that is published from now on. */
  async receives(after: string): Promise<void> {
    const sinceMs = Date.now();
    this.#endedAtMs = sinceMs;
    const times = await this.clients.received(this.site.published, bounds.receivesMs + patienceMs);
    this.#note("receivesMs", `${after}, received`, { times, sinceMs });
    const counts = Object.entries(await this.clients.transports());
    this.#lines.push(`transports then: ${counts.map(([name, n]) => `${n} ${name}`).join(", ")}`);
  }

  /** Waits until all clients are on the first transport. The time counts from the last call of {@link receives}. */
  async returns(after: string): Promise<void> {
    const sinceMs = this.#endedAtMs;
    const times = await this.clients.onFirstTransport(bounds.returnsMs + patienceMs);
    this.#note("returnsMs", `${after}, on the first transport`, { times, sinceMs });
  }

  /** Ends the publisher, waits for the last event, and prints all figures. */
  async end(name: string): Promise<Faults> {
    this.#stopPublishing();
    const { published } = this.site;
    await this.clients.received(published - 1, patienceMs);
    const tallies = (await this.clients.allReceived()).map((received) => tally(received, published));
    const sum = (key: keyof Tally): number => tallies.reduce((total, one) => total + one[key], 0);
    const [lost, repeated] = [sum("lost"), sum("doubled")];
    this.#lines.push(
      `${published} events, ${tallies.length} clients: ${sum("events")} received, ${sum("gaps")} gaps, ` +
        `${sum("told")} told, ${lost} lost, ${repeated} repeated`,
    );
    printFigures(name, this.#lines);
    return { missedBounds: this.#missedBounds, lost, repeated };
  }

  #note(
    bound: keyof typeof bounds,
    what: string,
    { times, sinceMs }: { readonly times: readonly number[]; readonly sinceMs: number },
  ): void {
    const took = times.map((time) => Math.max(0, time - sinceMs));
    const longestMs = Math.max(...took);
    const line = `${what}: median ${seconds(median(took))}, longest ${seconds(longestMs)}`;
    this.#lines.push(line);
    if (longestMs > bounds[bound]) this.#missedBounds.push(line);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Opens clients at a site, and waits until they receive. */
export async function startRecovery(site: TroubledSite, count: number): Promise<Recovery> {
  const recovery = new Recovery(site, await openLibraryClients(site, count));
  await recovery.opens();
  return recovery;
}
