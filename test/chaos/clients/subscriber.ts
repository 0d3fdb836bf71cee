import { setTimeout as delay } from "node:timers/promises";
import { clientKinds } from "../../moves/clients/client-kinds.js";
import { isPushStream } from "../../moves/clients/client-kind.js";
import type { ClientKind, Opening, Transport } from "../../moves/clients/client-kind.js";
import { connectRaw } from "../../support/raw-http.js";
import type { RawConnection } from "../../support/raw-http.js";
import type { Item, ReadBytes } from "../../support/storm/stream-readers.js";
import { Changes } from "../../support/wait-for.js";
import type { Recorder } from "../history/recorder.js";
import type { Subscriber } from "../history/steps.js";
import { responseReader } from "./response-reader.js";

export interface ChaosSubscriberOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly topics: readonly string[];
  /** Allows the client to read private publications. @default none */
  readonly token?: string;
  /** The port for the next connection. */
  readonly port: () => number;
  readonly recorder: Recorder;
  readonly random: () => number;
}

/** The time without any byte after which the client opens a new stream. The hub's heartbeat must be shorter. */
const silentMs = 10_000;
/** A poll of the push stream module waits for 25 s. */
const silentPollMs = 35_000;

/** A client that follows its topics, records what it gets, and resumes whenever its stream ends. */
export class ChaosSubscriber implements Subscriber {
  readonly name: string;
  readonly topics: readonly string[];
  readonly mayReadPrivate: boolean;
  readonly idFamily: Subscriber["idFamily"];
  readonly #options: ChaosSubscriberOptions;
  readonly #kind: ClientKind;
  readonly #had = new Set<string>();
  readonly #changes = new Changes();
  #cursor: string | undefined;
  #connection: RawConnection | undefined;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ChaosSubscriberOptions) {
    const { name, transport, topics, token } = options;
    this.name = name;
    this.topics = topics;
    this.mayReadPrivate = token !== undefined;
    this.idFamily = isPushStream(transport) && transport !== "push-ev" ? "stamp" : "event-id";
    this.#options = options;
    this.#kind = clientKinds[transport];
  }

  /** Starts the client. Resolves when it has a position: from then on, it must get everything. */
  async start(): Promise<void> {
    this.#running = this.#run();
    await this.#changes.until(() => this.#cursor !== undefined, {
      within: 60_000,
      missing: `${this.name} has no position yet`,
    });
  }

  /** Resolves when the client has this publication. Rejects at the deadline. */
  async has(data: string, options: { readonly within: number }): Promise<void> {
    await this.#changes.until(() => this.#had.has(data), {
      within: options.within,
      missing: `${this.name} has not received ${data}`,
    });
  }

  /** Cuts the connection. The client resumes. */
  cut(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close({ reset: this.#options.random() < 0.5 });
  }

  /** Reads nothing for some time, as a slow program does. */
  async rest(ms: number): Promise<void> {
    const connection = this.#connection;
    connection?.pause();
    await delay(ms);
    connection?.resume();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.cut();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { random, transport } = this.#options;
    const waitMs = transport === "poll" || transport === "push-lp" ? 10 : 150;
    while (!this.#isStopped) {
      await this.#request().catch(() => undefined);
      await delay(waitMs * (0.5 + random()));
    }
  }

  async #request(): Promise<void> {
    const connection = await connectRaw({ port: this.#options.port(), onEnd: () => undefined });
    if (this.#isStopped) return connection.close();
    this.#connection = connection;
    const { transport, topics } = this.#options;
    const opening: Opening = { transport, filters: topics, token: "none", lastEventId: this.#cursor };
    connection.write(this.#head(opening));
    const limitMs = transport === "push-lp" ? silentPollMs : silentMs;
    const timer = setTimeout(() => connection.close(), limitMs);
    const read = this.#reader(connection, opening);
    connection.handOver((bytes) => {
      timer.refresh();
      // What a connection brings after its client has left it, its successor brings again.
      if (this.#connection === connection) read(bytes);
    });
    await new Promise<void>((resolve) => connection.onOver(resolve));
    clearTimeout(timer);
    this.#options.recorder.record({ kind: "closed", subscriber: this.name });
  }

  #head(opening: Opening): string {
    const { token } = this.#options;
    const { path, query, headers } = this.#kind.ask(opening);
    const text = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    const all = {
      host: "localhost",
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    return `GET ${path}?${text} HTTP/1.1\r\n${lines.join("")}\r\n`;
  }

  #reader(connection: RawConnection, opening: Opening): ReadBytes {
    return responseReader((head) => {
      if (!this.#accepts(head)) {
        connection.close();
        return undefined;
      }
      const take = (item: Item): void => this.#take(item);
      return this.#kind.read({ head, opening, take, end: () => connection.close() });
    });
  }

  #accepts(head: string): boolean {
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const subscriber = this.name;
    if ([101, 200, 304].includes(status))
      this.#options.recorder.record({ kind: "opened", subscriber, from: this.#cursor ?? "" });
    else this.#options.recorder.record({ kind: "refused", subscriber, status });
    return [101, 200, 304].includes(status);
  }

  #take(item: Item): void {
    const { recorder, transport } = this.#options;
    if (item.kind === "gap") recorder.record({ kind: "gap", subscriber: this.name, reason: item.reason });
    const isRetained = item.kind === "event" && item.retained === true;
    if (item.kind === "event" && !isRetained) {
      const data = transport === "push-ev" ? textOf(item.data) : item.data;
      recorder.received(this.name, { id: item.id, data });
      this.#had.add(data);
    }
    if ("id" in item && (!isRetained || this.#kind.resumesFromRetained === true)) this.#cursor = item.id;
    this.#changes.changed();
  }
}

/** The text of a message whose event has the whole message as its data. */
function textOf(data: string): string {
  return decodeURIComponent((JSON.parse(data) as { readonly text: string }).text);
}
