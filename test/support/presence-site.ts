import { mercurePath } from "../../src/protocol.js";
import { EventStreamParser } from "../../src/sse/parse.js";
import { newStreamName } from "../journal/nats/nats-site.js";
import { freePort } from "./free-port.js";
import { startHub, type HubProcess } from "./hub-process.js";
import type { NatsServer } from "./nats-server.js";
import { atTestEnd } from "./on-end.js";
import { currentToken, hubUrl, issuer, secret } from "./token.js";
import { waitFor } from "./wait-for.js";

const within = 120_000;
const collection = `${mercurePath}/subscriptions`;

/** The matcher of those that follow the subscriptions. Their own subscriptions are left out. */
const everything = "*";

/** Hubs with a common journal on NATS that let clients see subscriptions. */
export class PresenceSite {
  readonly #server: NatsServer;
  readonly #name = newStreamName();

  constructor(server: NatsServer) {
    this.#server = server;
  }

  async start(): Promise<HubProcess> {
    // A hub that starts again must get its port back.
    const http = `127.0.0.1:${await freePort()}`;
    const journal = `nats://${this.#server.address}/${this.#name}`;
    return startHub({
      http,
      args: ["--subscriptions", "--public-url", hubUrl, "--token-issuer", issuer, "--journal", journal],
      env: { PHAROS_TOKEN_SECRET: secret },
    });
  }
}

/** Opens a stream that follows a topic. It ends with the test, or with its hub. */
export async function follow(hub: HubProcess, topic: string): Promise<void> {
  const ended = new AbortController();
  atTestEnd(() => ended.abort());
  const { status, body } = await fetch(`${hub.httpUrl}/esupdates?topic=${topic}`, { signal: ended.signal });
  if (status !== 200) throw new Error(`the hub refused a stream with ${status}`);
  void body?.pipeTo(new WritableStream()).catch(() => undefined);
}

/** The topics of the subscriptions that a hub lists, in order of their texts, and the position of the list. */
export async function listOf(hub: HubProcess): Promise<{ topics: readonly string[]; position: string }> {
  const response = await fetch(`${hub.httpUrl}${collection}`, { headers: await watcherHeaders() });
  const { subscriptions } = (await response.json()) as {
    readonly subscriptions: readonly { match: string }[];
  };
  const topics = subscriptions.map(({ match }) => match).filter((match) => match !== everything);
  const position = /last-event-id="([^"]+)"/.exec(response.headers.get("link") ?? "")?.[1] ?? "";
  return { topics: topics.toSorted(), position };
}

/** Resolves with the position of the first list of a hub that has these topics. */
export async function listed(hub: HubProcess, topics: readonly string[]): Promise<string> {
  let last = await listOf(hub);
  await waitFor(
    async () => {
      last = await listOf(hub);
      return last.topics.join() === topics.join();
    },
    { within, missing: () => `the list has ${last.topics.join()}, not ${topics.join()}` },
  );
  return last.position;
}

/** A client that follows the subscriptions from a list's position: `+a` for the start of one, `-a` for its end. */
export class PresenceWatcher {
  readonly told: string[] = [];
  readonly #parser = new EventStreamParser({ onEvent: ({ type, data }) => this.#take(type, data) });

  static async open(hub: HubProcess, position: string): Promise<PresenceWatcher> {
    const watcher = new PresenceWatcher();
    const ended = new AbortController();
    atTestEnd(() => ended.abort());
    const query = `match=${everything}&last_event_id=${encodeURIComponent(position)}`;
    const response = await fetch(`${hub.httpUrl}${mercurePath}?${query}`, {
      headers: await watcherHeaders(),
      signal: ended.signal,
    });
    void watcher.#read(response).catch(() => undefined);
    return watcher;
  }

  async until(...told: readonly string[]): Promise<void> {
    await waitFor(() => told.every((each) => this.told.includes(each)), {
      within,
      missing: () => `${told.join()} is missing in ${this.told.join()}`,
    });
  }

  async #read({ body }: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of body ?? []) this.#parser.push(decoder.decode(chunk, { stream: true }));
  }

  #take(type: string | undefined, data = ""): void {
    if (type !== "mercure") return void this.told.push(type ?? data);
    const { match, active } = JSON.parse(data) as { readonly match: string; readonly active: boolean };
    if (match !== everything) this.told.push(`${active ? "+" : "-"}${match}`);
  }
}

async function watcherHeaders(): Promise<Readonly<Record<string, string>>> {
  return { Authorization: `Bearer ${await currentToken({ subscribe: ["*"] })}` };
}
