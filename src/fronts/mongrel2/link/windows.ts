import type { Clock, Timer } from "../../../base/clock.js";
import { CompactingQueue } from "../../../base/compacting-queue.js";
import { Waiters } from "../../../base/waiters.js";
import { frameConnectionClose, frameDelivery, frameTargets } from "../wire/response.js";
import { controlFrames } from "./control-frames.js";
import { FenceIds } from "./fence-ids.js";
import type { LinkLimits } from "./options.js";
import type { Targets } from "./targets.js";

/**
 * One message to the server: bytes for connections, a close after the unwritten bytes, or an immediate close (`cut`).
 */
export type Message =
  | { readonly kind: "delivery"; readonly targets: Targets; readonly body: Buffer }
  | { readonly kind: "close" | "cut"; readonly targets: Targets };

export interface WindowPorts {
  send(frame: Buffer): void;
  /**
   * True if the server sends no credits, so that the link learns only from fences which messages the server has
   * accepted. Only such a server needs pauses between windows.
   */
  needsPauses(): boolean;
  /** Called before a window is sent, so that the link can record the streams that the window opens. */
  opening(window: readonly Message[]): void;
  /** The server has accepted every message of the window, in `tookMs`. */
  taken(window: readonly Message[], tookMs: number): void;
  /** The server has not acknowledged the fence in time. Until `recovered`, the link sends only further fences. */
  late(): void;
  /** The server has acknowledged the late fence. A call of `taken` follows. */
  recovered(): void;
  /** Another program has sent the fence that the server acknowledges. */
  foreign(): void;
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

/**
 * While a server is stuck, the link sends further fences, because Mongrel2's notice for a fence may be lost. The first
 * further fence follows after `firstProbeMs`. Each later interval is twice the previous one, up to `lastProbeMs`.
 */
const firstProbeMs = 1_000;
const lastProbeMs = 30_000;

/**
 * A fence shows that messages are queued, not that messages are written. Mongrel2 writes only while its handler task
 * waits. On a busy machine, the kernel may suspend the server's thread right after the thread has sent the notice for
 * the fence. When the thread runs again, the next window has already arrived, so the thread never writes. After 16 such
 * windows the server closed all clients [seen in 6 of 9 tests, with 200 bodies of 200 bytes to 1,000 clients]. A pause
 * after every few windows gives the server time to write.
 */
const windowsInARow = 4;
const pauseMs = 10;

/**
 * After a full window, the server needs about as much time for writing as for copying. The clients, often on the same
 * machine, need the same time again for reading. Without a pause that grows with the window, Mongrel2 closed all of
 * 1,000 clients within 25,000 publications of a publisher at full speed [seen]. All clients were 16 rounds behind, and
 * none was slower than the others.
 */
const writingShare = 3;

/**
 * The queue of messages of one link. The queue sends messages in windows. A window is a number of messages up to a
 * limit, followed by a fence. The next window begins when the server has acknowledged the fence. Mongrel2 closes
 * connections with 16 messages unwritten, and writes no messages while further messages wait for its handler task. One
 * window at a time was the fastest of all measured variants.
 */
export class Windows {
  readonly #clock: Clock;
  readonly #limits: WindowsOptions["limits"];
  readonly #ports: WindowPorts;
  readonly #fenceIds = new FenceIds();
  #sender: string | undefined;
  readonly #queue = new CompactingQueue<Message>();
  #open: OpenWindow | undefined;
  #scheduled = false;
  /** The time when the last fence returned, and the number of windows since the last pause. */
  #backAt = Number.NEGATIVE_INFINITY;
  #inARow = 0;
  /** The estimated time at which the server has written all accepted messages. */
  #writtenAt = Number.NEGATIVE_INFINITY;
  #pause: Timer | undefined;
  readonly #waiters = new Waiters();
  /** The number of messages that were queued since the start, and the number that the server has accepted. */
  #queued = 0;
  #takenCount = 0;
  #marks: { readonly at: number; readonly action: () => void }[] = [];

  constructor(options: WindowsOptions) {
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#ports = options.ports;
  }

  /** True if nothing is queued and no fence is pending. */
  get idle(): boolean {
    return this.#open === undefined && this.#queue.length === 0;
  }

  /** From now on the queue accepts messages, with this `sender`. The queue sends a fence at once. */
  start(sender: string): void {
    this.#sender = sender;
    this.check();
  }

  /** Drops all messages. Messages that are added before the next `start` are dropped too. */
  stop(): void {
    this.#open?.timer.cancel();
    this.#open = undefined;
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#sender = undefined;
    this.#queue.clear();
    this.#queued = 0;
    this.#takenCount = 0;
    this.#marks = [];
    this.#waiters.look();
  }

  /** Queues one message. The queue sends the message at the end of this turn, or after the open window. */
  add(message: Message): void {
    if (this.#sender === undefined) return;
    this.#queue.push(message);
    this.#queued += 1;
    this.#schedule();
  }

  /**
   * Calls `action` when the server has accepted all messages queued so far: at once if there are none, and never after
   * `stop`.
   */
  whenTaken(action: () => void): void {
    if (this.#takenCount === this.#queued) action();
    else this.#marks.push({ at: this.#queued, action });
  }

  /** Sends a fence if no fence is pending, to detect a stuck server even without deliveries. */
  check(): void {
    if (this.#open === undefined && this.#sender !== undefined && !this.#mustPause()) this.#openWindow();
  }

  /** Sends another fence now, because pending fences may be lost. */
  renew(): void {
    if (this.#open === undefined) this.check();
    else this.#sendFence(this.#open);
  }

  /**
   * Call this method when the server acknowledges a fence. A fence of an ended program or of an earlier window has no
   * effect.
   */
  fenceBack(id: number): void {
    const open = this.#open;
    if (!this.#fenceIds.has(id)) this.#ports.foreign();
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

  /** Resolves when all queued messages are accepted or dropped. */
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

  /** True if the next window has to wait until the end of the pause. */
  #mustPause(): boolean {
    if (this.#pause !== undefined) return true;
    const now = this.#clock.monotonic();
    if (now - this.#backAt >= pauseMs) this.#inARow = 0;
    this.#inARow += 1;
    const delayMs = Math.max(this.#writtenAt - now, this.#inARow > windowsInARow ? pauseMs : 0);
    if (delayMs <= 0 || !this.#ports.needsPauses()) return false;
    this.#pause = this.#clock.after(delayMs, () => {
      this.#pause = undefined;
      this.#inARow = 0;
      this.check();
    });
    return true;
  }

  #openWindow(): void {
    const { messages, bytes } = this.#nextMessages();
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

  #nextMessages(): { readonly messages: readonly Message[]; readonly bytes: number } {
    const { windowMessages, windowBytes } = this.#limits;
    const messages: Message[] = [];
    let bytes = 0;
    while (messages.length < windowMessages) {
      const message = this.#queue.at(messages.length);
      if (message === undefined) break;
      const more = message.kind === "delivery" ? message.body.length * message.targets.ids.length : 0;
      if (messages.length > 0 && bytes + more > windowBytes) break;
      bytes += more;
      messages.push(message);
    }
    this.#queue.drop(messages.length);
    return { messages, bytes };
  }

  #send(message: Message): void {
    // The socket may have failed in the middle of the window, and the failure has stopped the queue.
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
    // A fence has an empty body. If a connection has this id after all, Mongrel2 closes that connection, and its client
    // gets no bytes of another client.
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
