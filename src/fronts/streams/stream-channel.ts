import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Channel } from "../../delivery/channel.js";
import type { Connection } from "../../delivery/connection.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { SharedTargets, StreamTarget } from "./stream-target.js";

export interface StreamChannelOptions {
  readonly clock: Clock;
  /** Called when the system has accepted everything, possibly within {@link StreamChannel.write}. */
  readonly drained: (connection: Connection<StreamTarget>) => void;
  /** The targets that share sockets. @default none */
  readonly shared?: SharedTargets | undefined;
}

/**
 * The time for writing rounds in one turn of the event loop, in milliseconds. Node accepts one new connection per turn.
 * When a round to 9,500 clients used one turn of 0.3 s, Node accepted three new clients per second.
 */
const writingPerTurnMs = 5;

/** Reading the clock costs a tenth of a write, so the channel does not read the clock after each write. */
const writesPerClockRead = 8;

/**
 * The first limit for the bytes of a round, multiplied by the number of its members. If clients cannot receive a round
 * within its deadline, most of the clients become laggards, and publishers no longer wait. Most clients became laggards
 * with rounds of 256 KiB to 1,000 clients that received 400 MB/s together. A gigabit line transfers 16 MiB in 134 ms.
 */
const leastWindowBytes = 16 * 1024 * 1024;

/**
 * The highest value of that limit, for clients whose socket buffers accept whole rounds at once. Larger rounds need
 * fewer writes. With 16 MiB, 1,000 clients received 4,700,000 deliveries per second; with 64 MiB, 8,700,000. With 128
 * MiB, the clients received only 2,300,000 to 4,000,000, because the hub waited for socket buffers half of the time.
 */
const mostWindowBytes = 64 * 1024 * 1024;

/**
 * The limit grows while at most this share of the members have full socket buffers. If only this share has full socket
 * buffers, a round does not wait for them.
 */
const fullShare = 0.1;

/**
 * The size limit of a round is never below this value. With smaller rounds, the number of writes costs more than the
 * bytes.
 */
const leastRoundBytes = 4096;

/** A round that is being written. */
interface Writing {
  readonly members: readonly Connection<StreamTarget>[];
  readonly body: Buffer;
  written: number;
  /** True if the round shows the capacity of the socket buffers: it has at least half of the bytes that a round may have. */
  readonly isLarge: boolean;
  /** The number of members whose socket buffers could not accept the whole round. Counted for a large round only. */
  fullBuffers: number;
  readonly handedOver: (() => void)[];
}

/**
 * Writes rounds to the clients of this process. All members get the same Buffer, so the buffer of a slow client contains
 * a reference, not a copy. A client has drained when the kernel has accepted all bytes. A round to many members needs
 * several turns of the event loop.
 */
export class StreamChannel implements Channel<StreamTarget> {
  readonly maxWriteBytes = Number.POSITIVE_INFINITY;
  readonly pacing = "drain";
  readonly #drained: (connection: Connection<StreamTarget>) => void;
  readonly #writing: Writing[] = [];
  readonly #budget: TurnBudget;
  readonly #shared: SharedTargets | undefined;
  #windowBytes = leastWindowBytes;

  constructor(options: StreamChannelOptions) {
    this.#budget = new TurnBudget(options.clock, writingPerTurnMs);
    this.#drained = options.drained;
    this.#shared = options.shared;
  }

  roundBytes(members: number): number {
    return Math.max(leastRoundBytes, Math.floor(this.#windowBytes / Math.max(1, members)));
  }

  /**
   * The kernel accepts most writes at once. If the channel waited for the callback of the write, the next round would
   * start a turn later.
   */
  write(connection: Connection<StreamTarget>, body: Buffer): void {
    if (connection.handle.write(body)) this.#drained(connection);
  }

  writeRound(members: ReadonlySet<Connection<StreamTarget>>, body: Buffer): void {
    const isLarge = body.length * members.size >= this.#windowBytes / 2;
    this.#writing.push({
      members: inGroups(members),
      body,
      isLarge,
      written: 0,
      fullBuffers: 0,
      handedOver: [],
    });
    if (this.#writing.length === 1) this.#writeOn();
  }

  whenHandedOver(action: () => void): void {
    const last = this.#writing.at(-1);
    if (last === undefined) action();
    else last.handedOver.push(action);
  }

  sentBytes({ handle }: Connection<StreamTarget>): number | undefined {
    return handle.sentBytes;
  }

  joined(): void {}

  left(): void {}

  end({ handle }: Connection<StreamTarget>, reason: EndReason, last: Buffer): void {
    handle.end(reason, last);
  }

  cut({ handle }: Connection<StreamTarget>): void {
    handle.cut();
  }

  /** Targets that share sockets write what they have collected at the end of the turn anyway. */
  flush(): void {}

  /** Writes until all rounds are written or the turn's time is used up. The next turn writes the remaining rounds. */
  #writeOn(): void {
    for (let round = this.#writing[0]; round !== undefined; round = this.#writing[0]) {
      if (!this.#writePart(round) || !this.#flushPart()) {
        this.#budget.nextTurn(() => this.#writeOn());
        return;
      }
      this.#writing.shift();
      this.#adapt(round);
      for (const action of round.handedOver) action();
    }
  }

  /** False if the turn's time was used up before the whole round was written. */
  #writePart(round: Writing): boolean {
    for (; round.written < round.members.length; round.written += 1) {
      if (round.written % writesPerClockRead === 0 && this.#budget.isUsedUp()) return false;
      const member = round.members[round.written];
      // The client disconnected while the round was being written.
      if (member === undefined || member.state === "closed") continue;
      this.write(member, round.body);
      if (round.isLarge && member.handle.isHeldUp) round.fullBuffers += 1;
    }
    return true;
  }

  /** False if the turn's time was used up before everything was written that targets have collected. */
  #flushPart(): boolean {
    return this.#shared?.flush(() => this.#budget.isUsedUp()) ?? true;
  }

  /** Adapts the limit after a large round. */
  #adapt({ members, isLarge, fullBuffers }: Writing): void {
    if (!isLarge) return;
    this.#windowBytes =
      fullBuffers > fullShare * members.length
        ? Math.max(leastWindowBytes, this.#windowBytes / 2)
        : Math.min(mostWindowBytes, this.#windowBytes * 2);
  }
}

/**
 * The members, in an order in which those with the same group follow each other: a part of a round then writes to few
 * sockets, and once to each. 10,000 members need half a millisecond.
 */
function inGroups(members: ReadonlySet<Connection<StreamTarget>>): readonly Connection<StreamTarget>[] {
  const groups = new Map<object | undefined, Connection<StreamTarget>[]>();
  for (const member of members) {
    const group = groups.get(member.handle.group);
    if (group === undefined) groups.set(member.handle.group, [member]);
    else group.push(member);
  }
  const [first = []] = groups.values();
  return groups.size <= 1 ? first : [...groups.values()].flat();
}
