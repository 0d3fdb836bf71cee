import type { FanoutLimits } from "../../../limits/fanout.js";
import type { Socket } from "node:net";
import type { Clock, Timer } from "../../../base/clock.js";
import { SilentPeers } from "./silent-peers.js";
import { readUnacknowledged, tcpKey, type Unacknowledged } from "./tcp-table.js";

/** A client with one socket. */
export interface WatchedClient {
  readonly socket: Socket;
  /** True if the client answers {@link ping}. */
  readonly answersPings: boolean;
  /** Asks the client for a sign of life. Called only if the client answers. */
  ping(): void;
  /** Closes the connection of a client that has vanished. */
  cutVanished(): void;
}

export interface VanishedClientsOptions {
  /** The clients with open streams. */
  readonly clients: () => Iterable<WatchedClient>;
  /** A client that acknowledges nothing for `stallMs` has vanished. Read at each use. */
  readonly limits: Pick<FanoutLimits, "stallMs">;
  readonly clock: Clock;
  /** @default the system's tables */
  readonly readTable?: () => Promise<readonly Unacknowledged[]>;
}

/** The time between two checks, in milliseconds. With 8,000 streams, a check needs 34 ms of CPU. */
const checkEveryMs = 10_000;

/** The last sign of life of a client that answers pings. */
interface Heard {
  readonly bytesRead: number;
  readonly atMs: number;
  /** When the ping was sent, or when it had not arrived yet. Undefined before the ping. */
  readonly pingedAtMs: number | undefined;
}

/** The connections with unacknowledged bytes, by {@link tcpKey}. Empty if the table cannot be read. */
type Unarrived = ReadonlySet<string>;

/**
 * Closes the connections of clients that have vanished without an end, for example without power or network. Heartbeats
 * are small, so the system accepts them for minutes, although nobody acknowledges them.
 * - Every client: the system's table shows that the client acknowledges nothing [Linux].
 * - WebSockets and HTTP/2: the client sends nothing and does not answer a ping. This also finds clients behind a proxy. While bytes
 *   are unacknowledged, the ping may wait behind them: a client that reads slowly is not gone [Linux].
 */
export class VanishedClients {
  readonly #options: VanishedClientsOptions;
  readonly #silent: SilentPeers;
  readonly #heard = new WeakMap<WatchedClient, Heard>();
  readonly #timer: Timer;
  #reading: Promise<void> | undefined;

  constructor(options: VanishedClientsOptions) {
    this.#options = options;
    this.#silent = new SilentPeers(options.limits);
    this.#timer = options.clock.every(checkEveryMs, () => {
      this.#reading ??= this.#check().finally(() => (this.#reading = undefined));
    });
  }

  /** Ends the checks. Resolves when no check runs. */
  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#reading;
  }

  async #check(): Promise<void> {
    const { readTable = readUnacknowledged, clients } = this.#options;
    const rows = await readTable().catch(() => undefined);
    // A table cannot be read if this process has no free file descriptor. The next check tries again.
    if (rows !== undefined) this.#cutSilent(rows);
    const unarrived = new Set(rows?.map(({ key }) => key));
    for (const client of clients()) if (client.answersPings) this.#checkPong(client, unarrived);
  }

  #cutSilent(rows: readonly Unacknowledged[]): void {
    const { clients, clock } = this.#options;
    const gone = this.#silent.update(rows, clock.monotonic());
    if (gone.size === 0) return;
    for (const client of clients()) if (isAmong(gone, client)) client.cutVanished();
  }

  #checkPong(client: WatchedClient, unarrived: Unarrived): void {
    const { clock, limits } = this.#options;
    const { socket } = client;
    const nowMs = clock.monotonic();
    const heard = this.#heard.get(client);
    // The front reads nothing from a paused socket, so the pong may wait in the system.
    if (heard === undefined || heard.bytesRead !== socket.bytesRead || socket.isPaused()) {
      this.#heard.set(client, { bytesRead: socket.bytesRead, atMs: nowMs, pingedAtMs: undefined });
    } else if (heard.pingedAtMs !== undefined) {
      if (isAmong(unarrived, client)) this.#heard.set(client, { ...heard, pingedAtMs: nowMs });
      else if (nowMs - heard.pingedAtMs >= limits.stallMs / 2) client.cutVanished();
    } else if (nowMs - heard.atMs >= limits.stallMs / 2) {
      this.#heard.set(client, { ...heard, pingedAtMs: nowMs });
      client.ping();
    }
  }
}

function isAmong(keys: ReadonlySet<string>, { socket }: WatchedClient): boolean {
  return keys.has(tcpKey(socket) ?? "");
}
