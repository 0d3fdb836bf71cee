import { atMost } from "../../../base/at-most.js";
import type { Timer } from "../../../base/clock.js";
import { PharosError } from "../../../base/errors.js";
import type { StatusRow } from "../wire/control.js";
import type { Mongrel2Frame } from "../wire/request.js";
import type { LinkState } from "../../front.js";
import { defaultMaxTargets } from "../wire/response.js";
import { isSender } from "../wire/sender.js";
import { controlFrames } from "./control-frames.js";
import { Credits } from "./credits.js";
import { FenceIds } from "./fence-ids.js";
import { defaultLinkLimits, type LinkLimits, type LinkOptions } from "./options.js";
import { Orphans } from "./orphans/orphans.js";
import { OpenRecord } from "./orphans/record.js";
import { readRunMark } from "./orphans/run-mark.js";
import { ReceivedFrames } from "./received-frames.js";
import { LinkSockets } from "./sockets.js";
import { queryStatus } from "./status.js";
import { Targets } from "./targets.js";
import { keepAliveSeconds } from "../../../limits/delivery.js";
import { type Message, Windows } from "./windows.js";

/** How it is known that a connection can take its next message. */
export type Pacing = "credits" | "fence";

/** The sender of messages where the server subscribed to everything: it may be any. */
const anySender = "pharos";
const tickMs = 1_000;
/** A fence goes out this often when nothing else does: a stuck server is noticed, and a living one remembered. */
const checkMs = 3_000;

/**
 * The link to one Mongrel2: its sockets, pacing, keep-alive, restarts and orphans. It knows nothing of topics or of
 * what the bytes mean, and one link nothing of another: the same id on two links is two connections.
 *
 * A connection gets at most one message between two fences. The owner keeps this by giving each id one message and
 * the next only after `drained` has named it; the link keeps it for its own closes.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #limits: LinkLimits;
  readonly #labels: { readonly link: string };
  readonly #windows: Windows;
  readonly #credits: Credits;
  readonly #record: OpenRecord;
  readonly #orphans: Orphans;
  readonly #frames: ReceivedFrames;
  readonly #open = new Set<number>();
  #timers: Timer[] = [];
  #sockets: LinkSockets | undefined;
  #state: LinkState = "waiting";
  #pacing: Pacing = "fence";
  #sender = "";
  /** The window whose messages are answered by credits; the pacing may change while one is open. */
  #charged: readonly Message[] | undefined;
  /** Notices were lost, and no fence has come back since. */
  #noticesLost = false;
  #closed = false;

  /** Reads the record; connects nothing yet. Throws `bad-config` when the record file cannot be used. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#limits = { ...defaultLinkLimits, ...options.limits };
    this.#labels = { link: options.name };
    this.#frames = new ReceivedFrames({ ...options, labels: this.#labels, limits: this.#limits });
    this.#windows = this.#createWindows();
    this.#credits = this.#createCredits();
    this.#record = new OpenRecord({
      file: options.recordFile,
      maxIds: this.#limits.recordedIds,
      failed: (error) => options.logger.error({ ...this.#labels, error }, "the record of open ids is lost"),
    });
    this.#orphans = this.#createOrphans();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Credits once a request of this stay carried them; they never come from a server without flow control. */
  get pacing(): Pacing {
    return this.#pacing;
  }

  /** Connects; the server may come later, or never. Throws `bad-endpoint`. Call it once. */
  start(): void {
    const { clock, sendSpec, recvSpec } = this.#options;
    this.#sockets = new LinkSockets({
      sendSpec,
      recvSpec,
      receivedFrames: this.#limits.receivedFrames,
      events: {
        frame: (frame) => this.#receive(frame),
        subscribed: (ident) => this.#up(ident),
        remade: () => this.#remade(),
        unsubscribed: () => this.#down("the server ended or the connection to it broke"),
        overtaken: () => this.#beginAnew("the server ended or the connection to it broke"),
        failed: (error) => this.#fail(error),
      },
    });
    const keepAliveMs = this.#options.keepAliveMs ?? keepAliveSeconds.default * 1000;
    this.#timers = [clock.every(tickMs, () => this.#tick())];
    this.#timers.push(clock.every(checkMs, () => this.#check()));
    if (keepAliveMs > 0) this.#timers.push(clock.every(keepAliveMs, () => this.#keepAlive()));
    this.#options.metrics.gauge("link_up", 0, this.#labels);
  }

  /**
   * Waits until the server has taken what is queued, closes included, at most `limits.closeMs`, and disconnects. Close
   * the streams first: those left open are orphans, freed at the next start. With `flush: false` it waits for nothing
   * and ends within the call. Safe to call twice.
   */
  async close({ flush = true }: { readonly flush?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (flush && this.#state === "up") {
      await atMost(this.#options.clock, this.#limits.closeMs, this.#windows.whenIdle());
    }
    for (const timer of this.#timers) timer.cancel();
    this.#orphans.stop();
    this.#windows.stop();
    this.#credits.clear();
    this.#sockets?.close();
    this.#record.close();
    this.#options.metrics.gauge("link_up", 0, this.#labels);
  }

  /**
   * Queues one message; `body` is raw bytes for the client and must not be empty, nor change afterwards. Each id must
   * be idle and is busy until `drained` names it, which bounds the queue: one message a connection. Queued while the
   * link is stuck, dropped while it is down. Throws `bad-mongrel2-response` for an empty body.
   */
  deliver(targets: Targets, body: Buffer): void {
    if (body.length === 0) throw new PharosError("bad-mongrel2-response", "an empty body would close");
    if (!this.#closed) this.#windows.add({ kind: "delivery", targets, body });
  }

  /**
   * Queues the close of these connections and forgets them. It counts as their message, `drained` does not come for
   * it, and nothing may follow. A server drops it for a connection with 16 messages unwritten, which it closes anyway.
   */
  closeConnections(targets: Targets): void {
    this.#finish("close", targets);
  }

  /**
   * Ends connections at once that take nothing any more, where a close would wait behind what they have not written.
   * As after `closeConnections`, nothing may follow, and no `disconnected` comes.
   */
  cut(targets: Targets): void {
    this.#finish("cut", targets);
  }

  /** What the client of this connection still sends is not read; notices are. What closes a connection implies it. */
  ignore(id: number): void {
    this.#frames.end(id);
  }

  /** Calls `action` when the server has taken all that was queued so far, at once if nothing is; never after `down`. */
  whenTaken(action: () => void): void {
    this.#windows.whenTaken(action);
  }

  /**
   * This connection carries a stream: from now on it is kept alive, and written down so that it is freed after a
   * crash. Call it before the delivery that opens the stream.
   */
  opened(id: number): void {
    if (!this.#taking) return;
    this.#open.add(id);
    this.#record.add(id);
  }

  /** This connection carries no stream any more. `disconnected` and `closeConnections` imply it. */
  forget(id: number): void {
    this.#open.delete(id);
    this.#credits.forget(id);
    this.#record.remove(id);
  }

  #finish(kind: "close" | "cut", targets: Targets): void {
    if (this.#closed) return;
    for (const id of targets.ids) {
      this.#open.delete(id);
      this.#frames.end(id);
      this.#credits.forget(id);
    }
    this.#windows.add({ kind, targets });
  }

  get #taking(): boolean {
    return this.#state === "up" || this.#state === "stuck";
  }

  #createWindows(): Windows {
    return new Windows({
      clock: this.#options.clock,
      limits: this.#limits,
      ports: {
        send: (frame) => this.#sockets?.send(frame),
        resting: () => this.#pacing === "fence",
        opening: (window) => this.#opening(window),
        taken: (window, tookMs) => this.#taken(window, tookMs),
        late: () => this.#late(),
        recovered: () => this.#recovered(),
      },
    });
  }

  #createCredits(): Credits {
    return new Credits({
      clock: this.#options.clock,
      timeoutMs: this.#limits.creditMs,
      retryMs: this.#limits.creditRetryMs,
      retryBytes: this.#limits.creditRetryBytes,
      drained: (ids) => this.#options.events.drained(ids),
      lost: (count) => this.#options.metrics.count("credits_lost_total", count, this.#labels),
    });
  }

  #createOrphans(): Orphans {
    const { clock, logger, metrics, controlSpec } = this.#options;
    return new Orphans({
      clock,
      record: this.#record,
      query:
        controlSpec === undefined
          ? undefined
          : (): Promise<readonly StatusRow[]> => queryStatus(controlSpec, this.#limits.controlMs),
      close: (ids) => {
        for (const targets of Targets.split(ids, this.#targets))
          this.#windows.add({ kind: "close", targets });
      },
      freed: (connections) => {
        metrics.count("orphans_freed_total", connections, this.#labels);
        logger.info({ ...this.#labels, connections }, "freed the clients of streams that were lost");
      },
      givenUp: (connections, reason) =>
        logger.warn(
          { ...this.#labels, connections, reason },
          "cannot tell whether lost streams are still open: their clients may stay deaf until Mongrel2 ends them",
        ),
      pursueMs: this.#limits.orphanMs,
    });
  }

  get #targets(): number {
    return this.#options.targets ?? defaultMaxTargets;
  }

  #up(ident: string): void {
    if (this.#closed) return;
    if (this.#state === "up" || this.#state === "stuck") this.#down("the server subscribed anew");
    const sender = ident === "" ? anySender : ident;
    if (!isSender(sender)) {
      this.#options.logger.error(
        { ...this.#labels, sender },
        "no message can carry what the server asks for",
      );
      return;
    }
    const mark = readRunMark(this.#options.recvSpec);
    this.#sender = sender;
    this.#record.begin(mark);
    this.#enter("up");
    this.#windows.start(this.#sender);
    this.#guard(() => this.#options.events.up());
    for (const frame of this.#frames.takeHeld()) this.#guard(() => this.#handle(frame));
    this.#orphans.begin(mark);
  }

  #down(reason: string): void {
    if (!this.#taking) return;
    // While it closes there is only the wait for what is queued, which is over.
    if (this.#closed) return this.#windows.stop();
    this.#enter("down");
    this.#orphans.stop();
    this.#windows.stop();
    this.#credits.clear();
    this.#open.clear();
    this.#frames.forgetEnded();
    this.#record.end();
    this.#pacing = "fence";
    this.#noticesLost = false;
    this.#sockets?.replacePull();
    this.#options.logger.warn({ ...this.#labels, reason }, "the link is down");
    this.#guard(() => this.#options.events.down(reason));
  }

  /** A disconnect that was lost is told again at the next delivery; a fence and credits have to be seen to. */
  #remade(): void {
    if (!this.#taking) return;
    this.#options.logger.warn(
      this.#labels,
      "the connection that brings requests was remade: some may be lost",
    );
    this.#noticesLost = true;
    this.#windows.renew();
  }

  /** One message less is a hole in a stream: a pair of sockets that lost one is given up, and its streams with it. */
  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#options.logger.error({ ...this.#labels, error }, "a socket failed");
    this.#beginAnew("a socket failed");
  }

  #beginAnew(reason: string): void {
    this.#down(reason);
    if (this.#closed) return;
    this.#sockets?.close();
    for (const timer of this.#timers) timer.cancel();
    this.start();
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#options.metrics.gauge("link_up", state === "up" ? 1 : 0, this.#labels);
  }

  #receive(frame: Buffer): void {
    if (this.#taking) this.#guard(() => this.#handle(frame));
    else if (!this.#closed) this.#frames.hold(frame);
  }

  #handle(frame: Buffer): void {
    const parsed = this.#frames.parse(frame);
    if (parsed === undefined) return;
    switch (parsed.kind) {
      case "credits":
        return this.#credits.credit(parsed.id, parsed.credits);
      case "disconnect":
        return this.#disconnected(parsed.id);
      case "request":
        return this.#request(parsed);
      case "malformed":
        return this.#malformed(parsed);
      default:
        return parsed satisfies never;
    }
  }

  #request({ request }: Extract<Mongrel2Frame, { kind: "request" }>): void {
    // Fences are heard until the link has closed; a request would be answered by nobody.
    if (this.#closed) return;
    if (request.downloadCredits !== undefined) this.#pacing = "credits";
    this.#orphans.seen(request.id);
    this.#options.events.request(request);
  }

  #disconnected(id: number): void {
    if (FenceIds.includes(id)) return this.#windows.fenceBack(FenceIds.fromNotice(id));
    this.forget(id);
    this.#options.events.disconnected(id);
  }

  #malformed({ id, reason }: Extract<Mongrel2Frame, { kind: "malformed" }>): void {
    this.#options.events.malformed(id === undefined ? { reason } : { id, reason });
  }

  #opening(window: readonly Message[]): void {
    this.#record.flush();
    if (this.#pacing === "fence") return;
    this.#charged = window;
    for (const message of window) {
      if (message.kind === "delivery") this.#credits.charge(message.targets.ids, message.body.length);
    }
  }

  #taken(window: readonly Message[], tookMs: number): void {
    this.#options.metrics.gauge("fence_seconds", tookMs / 1000, this.#labels);
    this.#options.metrics.observe("fence_duration_seconds", tookMs / 1000, this.#labels);
    // The time of the question: the answer may have lain here while this process was stopped and the server ended.
    this.#record.heard(this.#options.clock.now() - tookMs);
    if (this.#noticesLost) this.#credits.hasten(this.#limits.lostCreditMs);
    this.#noticesLost = false;
    const byFence = window !== this.#charged;
    for (const message of window) this.#guard(() => this.#messageTaken(message, byFence));
  }

  #messageTaken(message: Message, byFence: boolean): void {
    switch (message.kind) {
      case "delivery":
        if (byFence) this.#options.events.drained(message.targets.ids);
        return;
      case "close":
      case "cut":
        for (const id of message.targets.ids) this.#record.remove(id);
        return;
      default:
        return message satisfies never;
    }
  }

  #late(): void {
    this.#enter("stuck");
    this.#options.metrics.count("fences_late_total", 1, this.#labels);
    this.#options.logger.warn(this.#labels, "the server takes nothing: the link is stuck");
    this.#guard(() => this.#options.events.stuck());
  }

  #recovered(): void {
    this.#enter("up");
    this.#credits.postpone();
    this.#options.logger.info(this.#labels, "the link has recovered");
    this.#guard(() => this.#options.events.recovered());
  }

  #tick(): void {
    this.#record.flush();
    if (this.#state === "up") this.#credits.expire();
  }

  #check(): void {
    if (this.#state === "up") this.#windows.check();
  }

  #keepAlive(): void {
    if (this.#state !== "up") return;
    const options = { sender: this.#sender, targets: this.#targets };
    for (const frame of controlFrames("keep-alive", this.#open, options)) {
      this.#sockets?.send(frame);
      // The sockets may have found that the server is gone.
      if (this.#state !== "up") return;
    }
  }

  /** A fault of the owner on one frame must not end the loop that reads all of them. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.logger.error({ ...this.#labels, error }, "the owner of the link failed");
    }
  }
}
