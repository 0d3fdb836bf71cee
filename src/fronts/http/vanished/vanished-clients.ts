import type { FanoutLimits } from "../../../limits/fanout.js";
import type { Socket } from "node:net";
import type { Clock, Timer } from "../../../base/clock.js";
import { emptyPing } from "../../../gateway/websocket/frame.js";
import { SilentPeers } from "./silent-peers.js";
import { readUnacknowledged, tcpKey, type Unacknowledged } from "./tcp-table.js";

/** A stream on a socket. */
export interface WatchedStream {
  readonly handle: {
    readonly socket: Socket;
    /** Set if the stream is a WebSocket. */
    readonly webSocket?: object | undefined;
  };
}

export interface VanishedClientsOptions<S> {
  /** The open streams. */
  readonly connections: () => Iterable<S>;
  /** Writes a frame to a WebSocket between other frames. */
  readonly write: (connection: S, frame: Buffer) => void;
  /** Closes a stream whose client has vanished. */
  readonly cut: (connection: S) => void;
  /** A client that acknowledges nothing for `stallMs` has vanished. Read at each use. */
  readonly limits: Pick<FanoutLimits, "stallMs">;
  readonly clock: Clock;
  /** @default the system's tables */
  readonly readTable?: () => Promise<readonly Unacknowledged[]>;
}

/** The time between two checks, in milliseconds. With 8,000 streams, a check needs 34 ms of CPU. */
const checkEveryMs = 10_000;

/** The last sign of life of a WebSocket's client. */
interface Heard {
  readonly bytesRead: number;
  readonly atMs: number;
  /** When the ping was sent, or when it had not arrived yet. Undefined before the ping. */
  readonly pingedAtMs: number | undefined;
}

/** The connections with unacknowledged bytes, by {@link tcpKey}. Empty if the table cannot be read. */
type Unarrived = ReadonlySet<string>;

/**
 * Closes streams whose clients have vanished without an end of their connections, for example without power or network.
 * Heartbeats are small, so the system accepts them for minutes, although nobody acknowledges them.
 * - Every stream: the system's table shows that the client acknowledges nothing [Linux].
 * - WebSockets: the client sends nothing and does not answer a ping. This also finds clients behind a proxy. While bytes
 *   are unacknowledged, the ping may wait behind them: a client that reads slowly is not gone [Linux].
 */
export class VanishedClients<S extends WatchedStream> {
  readonly #options: VanishedClientsOptions<S>;
  readonly #silent: SilentPeers;
  readonly #heard = new WeakMap<S, Heard>();
  readonly #timer: Timer;
  #reading: Promise<void> | undefined;

  constructor(options: VanishedClientsOptions<S>) {
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
    const { readTable = readUnacknowledged, connections } = this.#options;
    const rows = await readTable().catch(() => undefined);
    // A table cannot be read if this process has no free file descriptor. The next check tries again.
    if (rows !== undefined) this.#cutSilent(rows);
    const unarrived = new Set(rows?.map(({ key }) => key));
    for (const connection of connections())
      if (connection.handle.webSocket !== undefined) this.#checkPong(connection, unarrived);
  }

  #cutSilent(rows: readonly Unacknowledged[]): void {
    const { connections, clock, cut } = this.#options;
    const gone = this.#silent.update(rows, clock.monotonic());
    if (gone.size === 0) return;
    for (const connection of connections()) if (isAmong(gone, connection)) cut(connection);
  }

  #checkPong(connection: S, unarrived: Unarrived): void {
    const { clock, limits, write, cut } = this.#options;
    const { socket } = connection.handle;
    const nowMs = clock.monotonic();
    const heard = this.#heard.get(connection);
    // The front reads nothing from a paused socket, so the pong may wait in the system.
    if (heard === undefined || heard.bytesRead !== socket.bytesRead || socket.isPaused()) {
      this.#heard.set(connection, { bytesRead: socket.bytesRead, atMs: nowMs, pingedAtMs: undefined });
    } else if (heard.pingedAtMs !== undefined) {
      if (isAmong(unarrived, connection)) this.#heard.set(connection, { ...heard, pingedAtMs: nowMs });
      else if (nowMs - heard.pingedAtMs >= limits.stallMs / 2) cut(connection);
    } else if (nowMs - heard.atMs >= limits.stallMs / 2) {
      this.#heard.set(connection, { ...heard, pingedAtMs: nowMs });
      write(connection, emptyPing);
    }
  }
}

function isAmong(keys: ReadonlySet<string>, { handle }: WatchedStream): boolean {
  return keys.has(tcpKey(handle.socket) ?? "");
}
