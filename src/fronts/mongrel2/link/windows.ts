import type { Clock, Timer } from "../../../base/clock.js";
import { Waiters } from "../../../base/waiters.js";
import { frameConnectionClose, frameDelivery, frameTargets } from "../wire/response.js";
import { controlFrames } from "./control-frames.js";
import { FenceIds } from "./fence-ids.js";
import type { LinkLimits } from "./options.js";
import type { Targets } from "./targets.js";

/**
 * One message to the server: bytes for some connections; their close, after what they have not written yet; or their
 * cut, at once.
 */
export type Message =
  | { readonly kind: "delivery"; readonly targets: Targets; readonly body: Buffer }
  | { readonly kind: "close" | "cut"; readonly targets: Targets };

export interface WindowPorts {
  send(frame: Buffer): void;
  /** True while only the fence tells what the server has taken: then it is given rests. */
  resting(): boolean;
  /** A window is about to be sent: what must be known before its bytes are is written down here. */
  opening(window: readonly Message[]): void;
  /** The server has taken every message of the window, which took `tookMs`. */
  taken(window: readonly Message[], tookMs: number): void;
  /** The fence is late; nothing but further fences is sent until it is back. */
  late(): void;
  /** The late fence is back; `taken` follows. */
  recovered(): void;
}

export interface WindowsOptions {
  readonly clock: Clock;
  readonly limits: Pick<LinkLimits, "windowBytes" | "windowMessages" | "fenceMs" | "fenceBytesPerSecond">;
  readonly ports: WindowPorts;
}

interface OpenWindow {
  readonly messages: readonly Message[];
  readonly bytes: number;
  readonly openedAt: number;
  readonly fences: Set<number>;
  late: boolean;
  timer: Timer;
}

/** A stuck server gets another fence after this time, then after twice as long, since a notice may have been lost. */
const firstProbeMs = 1_000;
const lastProbeMs = 30_000;

/**
 * A fence says that messages are queued, not that they were written: the writers run when the handler task waits. On a
 * busy machine the server's thread is put aside right after it has sent the notice, finds the next window there when
 * it goes on, and waits again and again for nothing: 16 windows later all clients were closed [seen at 200 bodies of
 * 200 bytes to 1,000 clients, in 6 of 9 runs]. A rest after every few windows lets it wait.
 */
const windowsInARow = 4;
const restMs = 10;

/**
 * What a full window's copying took, the server needs again to write it, and the clients, often on the same machine, to
 * read it. Without a rest that grows with the window, a producer at full speed had all of 1,000 stock clients closed
 * within 25,000 publications [seen]: 16 rounds behind, though none was slower than the others.
 */
const writingShare = 3;

/**
 * The queue of one link. It is sent in windows: messages up to a limit, then a fence, and the next window only when
 * the fence has come back, since Mongrel2 closes connections with 16 messages unwritten and its handler task does not
 * let them be written while further messages wait. One window at a time was measured best.
 */
export class Windows {
  readonly #clock: Clock;
  readonly #limits: WindowsOptions["limits"];
  readonly #ports: WindowPorts;
  readonly #fenceIds = new FenceIds();
  #sender: string | undefined;
  #queue: Message[] = [];
  #next = 0;
  #open: OpenWindow | undefined;
  #scheduled = false;
  /** When the last fence came back, and how many windows have followed one another since the last rest. */
  #backAt = Number.NEGATIVE_INFINITY;
  #inARow = 0;
  /** By when the server has probably written what it has taken. */
  #writtenAt = Number.NEGATIVE_INFINITY;
  #rest: Timer | undefined;
  readonly #waiters = new Waiters();
  /** Messages queued, and taken by the server, since the start. */
  #queued = 0;
  #takenCount = 0;
  #marks: { readonly at: number; readonly action: () => void }[] = [];

  constructor(options: WindowsOptions) {
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#ports = options.ports;
  }

  /** Nothing is queued and no fence is awaited. */
  get idle(): boolean {
    return this.#open === undefined && this.#next === this.#queue.length;
  }

  /** From now on messages are taken and carry `sender`; a fence goes out at once. */
  start(sender: string): void {
    this.#sender = sender;
    this.check();
  }

  /** Drops everything; what is queued before the next `start` is dropped too. */
  stop(): void {
    this.#open?.timer.cancel();
    this.#open = undefined;
    this.#rest?.cancel();
    this.#rest = undefined;
    this.#sender = undefined;
    this.#queue = [];
    this.#next = 0;
    this.#queued = 0;
    this.#takenCount = 0;
    this.#marks = [];
    this.#waiters.look();
  }

  /** Queues one message, which leaves at the end of this turn or when the open window is over. */
  add(message: Message): void {
    if (this.#sender === undefined) return;
    this.#queue.push(message);
    this.#queued += 1;
    this.#schedule();
  }

  /** Calls `action` when the server has taken all that is queued now; at once when nothing is; never after `stop`. */
  whenTaken(action: () => void): void {
    if (this.#takenCount === this.#queued) action();
    else this.#marks.push({ at: this.#queued, action });
  }

  /** Sends a fence if none is out, so that a server that takes nothing is noticed when nothing is delivered. */
  check(): void {
    if (this.#open === undefined && this.#sender !== undefined && !this.#rests()) this.#openWindow();
  }

  /** Fences under way may be lost: sends another at once. */
  renew(): void {
    if (this.#open === undefined) this.check();
    else this.#sendFence(this.#open);
  }

  /** A fence came back. Those that are not awaited (of a dead handler, of a window that is over) change nothing. */
  fenceBack(id: number): void {
    const open = this.#open;
    if (open?.fences.has(id) !== true) return;
    open.timer.cancel();
    this.#open = undefined;
    this.#backAt = this.#clock.monotonic();
    const tookMs = this.#backAt - open.openedAt;
    const fullness = Math.min(1, open.bytes / this.#limits.windowBytes);
    this.#writtenAt = open.late ? this.#backAt : this.#backAt + writingShare * tookMs * fullness;
    if (open.late) this.#ports.recovered();
    this.#takenCount += open.messages.length;
    this.#ports.taken(open.messages, tookMs);
    this.#reachMarks();
    if (this.idle) this.#waiters.look();
    else this.#schedule();
  }

  /** Resolves when everything queued has been taken, or was dropped. */
  whenIdle(): Promise<void> {
    return this.#waiters.until(() => this.idle);
  }

  #reachMarks(): void {
    const reached = this.#marks.findIndex((mark) => mark.at > this.#takenCount);
    for (const { action } of this.#marks.splice(0, reached < 0 ? this.#marks.length : reached)) action();
  }

  #schedule(): void {
    if (this.#scheduled || this.#open !== undefined) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      if (!this.idle) this.check();
    });
  }

  /** Whether the next window must wait, which it then does by itself. */
  #rests(): boolean {
    if (this.#rest !== undefined) return true;
    const now = this.#clock.monotonic();
    if (now - this.#backAt >= restMs) this.#inARow = 0;
    this.#inARow += 1;
    const delayMs = Math.max(this.#writtenAt - now, this.#inARow > windowsInARow ? restMs : 0);
    if (delayMs <= 0 || !this.#ports.resting()) return false;
    this.#rest = this.#clock.after(delayMs, () => {
      this.#rest = undefined;
      this.#inARow = 0;
      this.check();
    });
    return true;
  }

  #openWindow(): void {
    const { messages, bytes } = this.#take();
    const delayMs = this.#limits.fenceMs + (bytes / this.#limits.fenceBytesPerSecond) * 1000;
    const open: OpenWindow = {
      messages,
      bytes,
      openedAt: this.#clock.monotonic(),
      fences: new Set(),
      late: false,
      timer: this.#clock.after(delayMs, () => this.#onLate(open)),
    };
    this.#open = open;
    this.#ports.opening(messages);
    for (const message of messages) this.#send(message);
    this.#sendFence(open);
  }

  #take(): { readonly messages: readonly Message[]; readonly bytes: number } {
    const start = this.#next;
    let bytes = 0;
    for (; this.#next < this.#queue.length; this.#next++) {
      const message = this.#queue[this.#next];
      if (message === undefined || this.#next - start === this.#limits.windowMessages) break;
      const more = message.kind === "delivery" ? message.body.length * message.targets.ids.length : 0;
      if (this.#next > start && bytes + more > this.#limits.windowBytes) break;
      bytes += more;
    }
    const messages = this.#queue.slice(start, this.#next);
    this.#compact();
    return { messages, bytes };
  }

  #compact(): void {
    if (this.#next * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#next);
    this.#next = 0;
  }

  #send(message: Message): void {
    // A port that failed may have stopped the link in the middle of a window.
    if (this.#sender === undefined) return;
    if (message.kind === "cut") {
      for (const frame of controlFrames("cancel", message.targets.ids, { sender: this.#sender })) {
        this.#ports.send(frame);
      }
      return;
    }
    const head = message.targets.head(this.#sender);
    this.#ports.send(
      message.kind === "delivery" ? frameDelivery(head, message.body) : frameConnectionClose(head),
    );
  }

  #sendFence(open: OpenWindow): void {
    if (this.#sender === undefined || this.#open !== open) return;
    const id = this.#fenceIds.next();
    open.fences.add(id);
    // Empty, so that if a connection had this id it would be closed and not get bytes of a stranger.
    this.#ports.send(frameConnectionClose(frameTargets(this.#sender, [id])));
  }

  #onLate(open: OpenWindow): void {
    open.late = true;
    this.#ports.late();
    this.#probe(open, firstProbeMs);
  }

  #probe(open: OpenWindow, delayMs: number): void {
    if (this.#open !== open) return;
    open.timer = this.#clock.after(delayMs, () => {
      this.#sendFence(open);
      this.#probe(open, Math.min(delayMs * 2, lastProbeMs));
    });
  }
}
