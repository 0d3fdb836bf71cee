import { type Child, startChild } from "../ipc.js";
import { waitFor } from "../wait-for.js";
import type { LibraryClientProtocol, Progress, Received } from "./library-client-protocol.js";
import { topic, type TroubledSite } from "./troubled-site.js";

const processes = 4;
const everyMs = 200;

/** The best transport of the library. */
export const firstTransport = "event-stream";

/** Clients of the built browser library, in several Node processes. */
export class LibraryClients {
  readonly #children: readonly Child<LibraryClientProtocol>[];

  constructor(children: readonly Child<LibraryClientProtocol>[]) {
    this.#children = children;
  }

  /** Waits until all clients have received an event from this number on. Returns the time of each client's first. */
  async received(from: number, withinMs: number): Promise<readonly number[]> {
    const probe = async (): Promise<readonly (number | undefined)[]> =>
      (await this.#progress(from)).map(({ receivedAtMs }) => receivedAtMs);
    return this.#all(probe, { withinMs, missing: `events from ${from} on` });
  }

  /** Waits until all clients have an open stream of the first transport. Returns the time of each stream. */
  async onFirstTransport(withinMs: number): Promise<readonly number[]> {
    const probe = async (): Promise<readonly (number | undefined)[]> =>
      (await this.#progress(0)).map(({ transport, stateSinceMs }) =>
        transport === firstTransport ? stateSinceMs : undefined,
      );
    return this.#all(probe, { withinMs, missing: `streams of ${firstTransport}` });
  }

  /** Waits until all clients have an open stream of any transport. Returns the time of each stream. */
  async open(withinMs: number): Promise<readonly number[]> {
    const probe = async (): Promise<readonly (number | undefined)[]> =>
      (await this.#progress(0)).map(({ transport, stateSinceMs }) =>
        transport === undefined ? undefined : stateSinceMs,
      );
    return this.#all(probe, { withinMs, missing: "open streams" });
  }

  /** The number of clients with an open stream, by the name of the transport. */
  async transports(): Promise<Readonly<Record<string, number>>> {
    const counts: Record<string, number> = {};
    for (const { transport = "none" } of await this.#progress(0))
      counts[transport] = (counts[transport] ?? 0) + 1;
    return counts;
  }

  async allReceived(): Promise<readonly Received[]> {
    return (await Promise.all(this.#children.map(async (child) => child.call("received", null)))).flat();
  }

  async #progress(from: number): Promise<readonly Progress[]> {
    return (await Promise.all(this.#children.map(async (child) => child.call("progress", { from })))).flat();
  }

  async #all(
    probe: () => Promise<readonly (number | undefined)[]>,
    { withinMs, missing }: { readonly withinMs: number; readonly missing: string },
  ): Promise<readonly number[]> {
    let last: readonly (number | undefined)[] = [];
    const complete = async (): Promise<readonly number[] | undefined> => {
      last = await probe();
      const times = last.filter((time) => time !== undefined);
      return times.length === last.length ? times : undefined;
    };
    return waitFor(complete, {
      within: withinMs,
      everyMs,
      missing: () => `${last.filter((time) => time === undefined).length} of ${last.length} lack ${missing}`,
    });
  }
}

/** Opens clients in {@link processes} processes. The processes end with the test. */
export async function openLibraryClients(site: TroubledSite, count: number): Promise<LibraryClients> {
  const entry = new URL("library-client-worker.ts", import.meta.url);
  const env = { NODE_EXTRA_CA_CERTS: site.nginx.certificateFile };
  // Node 20 has a WebSocket only with this option.
  const nodeArgs = ["--experimental-websocket", "--dns-result-order=ipv4first"];
  const children = Array.from({ length: processes }, () =>
    startChild<LibraryClientProtocol>({ entry, env, nodeArgs }),
  );
  const ask = { url: site.url, topic, count: count / processes };
  await Promise.all(children.map(async (child) => child.call("open", ask)));
  return new LibraryClients(children);
}
