import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Channel } from "../../delivery/channel.js";
import type { Connection, EndReason } from "../../delivery/connection.js";
import { endFrames } from "../../gateway/websocket/frame.js";
import type { WebSocketConnection } from "./websocket-connection.js";
import { writeDirectly } from "./direct-write.js";

/** What the HTTP front knows a client stream by. */
export interface StreamSocket {
  readonly socket: Socket;
  /** Its descriptor; undefined when nothing may be written to that directly. */
  readonly fd: number | undefined;
  /** Called by the socket when it has passed a write on to the kernel. */
  readonly onWritten: () => void;
  /** Set where the stream is a WebSocket. */
  readonly webSocket?: WebSocketConnection | undefined;
  /** Requests that came while the stream ran. */
  extraRequests: number;
}

export interface SocketChannelOptions {
  readonly clock: Clock;
  /** Called for a connection whose socket has taken everything, maybe during the write. */
  readonly drained: (connection: Connection<StreamSocket>) => void;
}

/**
 * How long rounds may be written in one turn of the event loop, in milliseconds. Node takes in one new connection a
 * turn: while each round to 9,500 clients was one turn of 0.3 s, three newcomers a second got in.
 */
const writingPerTurnMs = 5;

/** Looking at the clock costs a tenth of a write. */
const writesPerLook = 8;

/**
 * Body bytes times members of one round, to begin with. What a crowd cannot take in the time that a round waits would
 * make laggards of most, and then nothing holds publishers back: 256 KiB to 1,000 clients that took 400 MB/s together
 * did. 16 MiB are 134 ms of a gigabit line.
 */
const leastWindowBytes = 16 * 1024 * 1024;

/**
 * The same for a crowd whose buffers take whole rounds at once: fewer writes for as many bytes. Flat out 1,000 clients
 * took 4,700,000 deliveries a second with 16 MiB and 8,700,000 with 64. With 128 MiB, in turns
 * with these, the hub waited half of the time for buffers to empty, at 2,300,000 to 4,000,000.
 */
const mostWindowBytes = 64 * 1024 * 1024;

/** The share of a crowd whose buffers may be full while rounds to it grow: that of the slow ones nobody waits for. */
const fullShare = 0.1;

/** A round to a crowd carries at least this, or its many writes would cost more than their bytes. */
const leastRoundBytes = 4096;

/** A round that is being written. */
interface Writing {
  readonly members: readonly Connection<StreamSocket>[];
  readonly body: Buffer;
  written: number;
  /** Members whose buffers did not take all of it at once. */
  full: number;
  readonly handedOver: (() => void)[];
}

/**
 * Writes rounds to sockets: the same Buffer for every member, so that a slow client holds a reference, not a copy. A
 * socket has drained when the kernel has taken everything. A round to a crowd is written in several turns.
 */
export class SocketChannel implements Channel<StreamSocket> {
  readonly maxWriteBytes = Number.POSITIVE_INFINITY;
  readonly pacing = "drain";
  readonly #drained: (connection: Connection<StreamSocket>) => void;
  readonly #writing: Writing[] = [];
  readonly #budget: TurnBudget;
  #windowBytes = leastWindowBytes;

  constructor(options: SocketChannelOptions) {
    this.#budget = new TurnBudget(options.clock, writingPerTurnMs);
    this.#drained = options.drained;
  }

  roundBytes(members: number): number {
    return Math.max(leastRoundBytes, Math.floor(this.#windowBytes / Math.max(1, members)));
  }

  write(connection: Connection<StreamSocket>, body: Buffer): void {
    const { socket, fd, onWritten } = connection.handle;
    const taken = fd === undefined ? 0 : writeDirectly(socket, fd, body);
    if (taken < body.length) socket.write(taken === 0 ? body : body.subarray(taken), onWritten);
    // Most writes go to the kernel at once; to wait for their callbacks would delay the next round by a turn.
    if (socket.writableLength === 0) this.#drained(connection);
  }

  writeRound(members: ReadonlySet<Connection<StreamSocket>>, body: Buffer): void {
    this.#writing.push({ members: [...members], body, written: 0, full: 0, handedOver: [] });
    if (this.#writing.length === 1) this.#writeOn();
  }

  whenHandedOver(action: () => void): void {
    const last = this.#writing.at(-1);
    if (last === undefined) action();
    else last.handedOver.push(action);
  }

  joined(): void {}

  left(): void {}

  end({ handle }: Connection<StreamSocket>, reason: EndReason): void {
    if (handle.webSocket === undefined) handle.socket.destroySoon();
    else handle.webSocket.end(endFrames[reason]);
  }

  cut(connection: Connection<StreamSocket>): void {
    connection.handle.socket.destroy();
  }

  flush(): void {}

  /** Writes until everything is written or the turn's time is over; goes on in the next turn. */
  #writeOn(): void {
    for (let round = this.#writing[0]; round !== undefined; round = this.#writing[0]) {
      if (!this.#writePart(round)) {
        this.#budget.nextTurn(() => this.#writeOn());
        return;
      }
      this.#writing.shift();
      this.#adapt(round);
      for (const action of round.handedOver) action();
    }
  }

  /** False when the turn's time was over before the round was written. */
  #writePart(round: Writing): boolean {
    for (; round.written < round.members.length; round.written += 1) {
      if (round.written % writesPerLook === 0 && this.#budget.isUsedUp()) return false;
      const member = round.members[round.written];
      // Who has gone meanwhile is written to no more.
      if (member === undefined || member.state === "closed") continue;
      this.write(member, round.body);
      if (member.handle.socket.writableLength > 0) round.full += 1;
    }
    return true;
  }

  /** Only a round that the window has limited tells whether it is too small or too large. */
  #adapt({ members, body, full }: Writing): void {
    if (body.length * members.length < this.#windowBytes / 2) return;
    this.#windowBytes =
      full > fullShare * members.length
        ? Math.max(leastWindowBytes, this.#windowBytes / 2)
        : Math.min(mostWindowBytes, this.#windowBytes * 2);
  }
}
