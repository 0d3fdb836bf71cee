import { atMost } from "../../../base/at-most.js";
import type { Timer } from "../../../base/clock.js";
import { PharosError } from "../../../base/errors.js";
import type { Mongrel2Frame } from "../wire/request.js";
import type { LinkState } from "../../front.js";
import { defaultMaxTargets } from "../wire/response.js";
import { isSender } from "../wire/sender.js";
import { controlFrames } from "./control-frames.js";
import { Credits } from "./credits.js";
import { FenceIds } from "./fence-ids.js";
import { defaultLinkLimits, type LinkLimits, type LinkOptions } from "./options.js";
import { loggedOrphans } from "./orphans/logged-orphans.js";
import type { Orphans } from "./orphans/orphans.js";
import { loggedRecord } from "./orphans/logged-record.js";
import type { OpenRecord } from "./orphans/record.js";
import { readRunMark } from "./orphans/run-mark.js";
import { ReceivedFrames } from "./received-frames.js";
import { SecondHub } from "./second-hub.js";
import { LinkSockets } from "./sockets.js";
import type { ConnectLink, LinkConnection } from "./sockets.js";
import { queryStatus } from "./status.js";
import { Targets } from "./targets.js";
import { keepAliveSeconds } from "../../../limits/delivery.js";
import { type Message, Windows } from "./windows.js";

/** The signal by which the link knows that a connection can receive its next message. */
export type Pacing = "credits" | "fence";

/** The sender in messages to a server that has subscribed to everything. Any text is accepted. */
const anySender = "pharos";
const tickMs = 1_000;
/**
 * The interval of fences without other messages, in milliseconds. From these fences the link detects a stuck server,
 * and records when the server was last alive.
 */
const checkMs = 3_000;

/**
 * The link to one Mongrel2. The link manages the sockets, the pacing of messages, keep-alive messages, restarts of the
 * server, and orphans. The link does not know topics, or the meaning of the bytes that it sends. Links are independent:
 * the same id on two links is two connections.
 *
 * A fence is a message that the server acknowledges. A connection gets at most one message between two fences. So the
 * owner sends the next message to an id only after `drained` has named the id, and the link follows this rule when it
 * closes connections itself.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #limits: LinkLimits;
  readonly #labels: { readonly link: string };
  readonly #targets: number;
  readonly #windows: Windows;
  readonly #credits: Credits;
  readonly #record: OpenRecord;
  readonly #orphans: Orphans;
  readonly #frames: ReceivedFrames;
  readonly secondHub: SecondHub;
  readonly #open = new Set<number>();
  #timers: Timer[] = [];
  #sockets: LinkConnection | undefined;
  #state: LinkState = "waiting";
  #pacing: Pacing = "fence";
  #sender = "";
  /**
   * The open window, if the server acknowledges its messages with credits. The pacing may change while a window is
   * open.
   */
  #charged: readonly Message[] | undefined;
  /** True if notices were lost, and the server has acknowledged no fence after the loss. */
  #noticesLost = false;
  #closed = false;

  /** Reads the record, but does not connect yet. Without a usable record file, the record is kept in memory. */
  constructor(options: LinkOptions) {
    this.#options = options;
    this.#limits = { ...defaultLinkLimits, ...options.limits };
    this.#labels = { link: options.name };
    this.#targets = options.targets ?? defaultMaxTargets;
    this.#frames = new ReceivedFrames({ ...options, labels: this.#labels, limits: this.#limits });
    this.secondHub = new SecondHub({ ...options, labels: this.#labels });
    this.#windows = this.#createWindows();
    this.#credits = this.#createCredits();
    this.#record = loggedRecord({
      ...options,
      labels: this.#labels,
      file: options.recordFile,
      maxIds: this.#limits.recordedIds,
    });
    this.#orphans = this.#createOrphans();
  }

  get state(): LinkState {
    return this.#state;
  }

  /**
   * `credits` if the server has sent credits since the last connect, in a request or a notice; otherwise `fence`. A
   * server without flow control never sends credits.
   */
  get pacing(): Pacing {
    return this.#pacing;
  }

  /** Connects. The server may start later, or never. Throws `bad-endpoint`. Call this method once. */
  start(): void {
    const { clock, sendSpec, recvSpec, connect = connectSockets } = this.#options;
    this.#sockets = connect({
      sendSpec,
      recvSpec,
      receivedFrames: this.#limits.receivedFrames,
      clock,
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
   * Waits until the server has accepted all queued messages, including closes, for at most `limits.closeMs`, and has
   * written them, for at most `limits.lastBytesMs`. Then disconnects. Close the streams first: open streams become
   * orphans, and the next start of the link closes their connections. With `flush: false` the method does not wait, and
   * the link is closed when the method returns. Safe to call twice.
   */
  async close({ flush = true }: { readonly flush?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (flush && this.#state === "up") await this.#flushed();
    for (const timer of this.#timers) timer.cancel();
    this.#orphans.stop();
    this.#windows.stop();
    this.#credits.clear();
    this.#sockets?.close();
    this.#record.close();
    this.#options.metrics.gauge("link_up", 0, this.#labels);
  }

  /**
   * A server with flow control sends a notice after it has written a message, and closes a connection only after that
   * notice. Without a hub that receives the notice, it waits for the next hub, and the client stays connected. So the
   * link receives these notices before it disconnects.
   */
  async #flushed(): Promise<void> {
    await atMost(this.#options.clock, this.#limits.closeMs, this.#windows.whenIdle());
    await atMost(this.#options.clock, this.#limits.lastBytesMs, this.#credits.whenWritten());
  }

  /**
   * Queues one message. `body` is raw bytes for the client. `body` must not be empty, and must not change afterwards.
   * After this call, send nothing more to these ids until `drained` has named them, so that the queue has at most one
   * message per connection. The link queues messages while the server is stuck, and drops messages while the link is
   * down. Throws `bad-mongrel2-response` for an empty body.
   */
  deliver(targets: Targets, body: Buffer): void {
    if (body.length === 0)
      throw new PharosError(
        "bad-mongrel2-response",
        "a body must not be empty: an empty body closes the connections",
      );
    if (!this.#closed) this.#windows.add({ kind: "delivery", targets, body });
  }

  /**
   * Queues the close of these connections, and forgets the connections. Send nothing to these connections afterwards.
   * The close counts as a message, but `drained` never names these connections. If a connection has 16 unwritten
   * messages, the server drops the close, but then closes the connection for this reason.
   */
  closeConnections(targets: Targets): void {
    this.#finish("close", targets);
  }

  /**
   * Closes connections at once if their clients read nothing. A normal close waits until the server has written all
   * unwritten bytes. As with `closeConnections`, send nothing to these connections afterwards. The link calls no
   * `disconnected` for them.
   */
  cut(targets: Targets): void {
    this.#finish("cut", targets);
  }

  /**
   * From now on the link ignores requests of this connection, but not notices about it. Every method that closes a
   * connection has this effect too.
   */
  ignore(id: number): void {
    this.#frames.end(id);
  }

  /**
   * Calls `action` when the server has accepted all messages queued so far: at once if there are none, and never after
   * `down`.
   */
  whenTaken(action: () => void): void {
    this.#windows.whenTaken(action);
  }

  /**
   * Call this method for a connection with a stream, before the delivery that opens the stream. The link sends
   * keep-alive messages for the connection, and records its id, to close the connection after a crash.
   */
  opened(id: number): void {
    if (!this.#taking) return;
    this.#open.add(id);
    this.#record.add(id);
  }

  /**
   * Call this method when a connection carries no stream any more. `disconnected` and `closeConnections` have the same
   * effect.
   */
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
    }
    this.#credits.finish({ kind, targets });
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
        needsPauses: () => this.#pacing === "fence",
        opening: (window) => this.#opening(window),
        taken: (window, tookMs) => this.#taken(window, tookMs),
        late: () => this.#late(),
        recovered: () => this.#recovered(),
        foreign: () => this.secondHub.seen(),
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
    const { controlSpec } = this.#options;
    return loggedOrphans({
      ...this.#options,
      labels: this.#labels,
      record: this.#record,
      query: controlSpec === undefined ? undefined : () => queryStatus(controlSpec, this.#limits.controlMs),
      close: (ids) => {
        for (const targets of Targets.split(ids, this.#targets))
          this.#windows.add({ kind: "close", targets });
      },
      pursueMs: this.#limits.orphanMs,
    });
  }

  #up(ident: string): void {
    if (this.#closed) return;
    if (this.#state === "up" || this.#state === "stuck") this.#down("the server subscribed again");
    const sender = ident === "" ? anySender : ident;
    if (!isSender(sender)) {
      this.#options.logger.error(
        { ...this.#labels, sender },
        "the server subscribed with an invalid sender: allowed are 1 to 64 letters, digits and -",
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
    this.#windows.stop();
    this.#credits.clear();
    // A closing link only waits until its queue is empty, and written. The queue is lost now, so the wait ends.
    if (this.#closed) return;
    this.#enter("down");
    this.#orphans.stop();
    this.#open.clear();
    this.#frames.forgetEnded();
    this.#record.end();
    this.#pacing = "fence";
    this.#noticesLost = false;
    this.#sockets?.replacePull();
    this.#options.logger.warn({ ...this.#labels, reason }, "the link is down");
    this.#guard(() => this.#options.events.down(reason));
  }

  /**
   * Handles the loss of notices. The server sends a lost disconnect notice again at the next delivery, but never
   * repeats a lost fence notice or credits notice.
   */
  #remade(): void {
    if (!this.#taking) return;
    this.#options.logger.warn(
      this.#labels,
      "the connection for requests was interrupted: some requests may be lost",
    );
    this.#noticesLost = true;
    this.#windows.renew();
  }

  /** A lost message would be a gap in a stream. So the link closes its sockets, and with them all streams. */
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
        this.#pacing = "credits";
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
    // Until its sockets are closed, a closing link still reads fences, but it passes no more requests to the owner.
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

  #malformed({ id, reason, isTooLarge = false }: Extract<Mongrel2Frame, { kind: "malformed" }>): void {
    this.#options.events.malformed(id === undefined ? { reason } : { id, reason, isTooLarge });
  }

  #opening(window: readonly Message[]): void {
    this.#record.flush();
    if (this.#pacing === "fence") return;
    this.#charged = window;
    this.#credits.sent(window);
  }

  #taken(window: readonly Message[], tookMs: number): void {
    this.#options.metrics.gauge("fence_seconds", tookMs / 1000, this.#labels);
    this.#options.metrics.observe("fence_duration_seconds", tookMs / 1000, this.#labels);
    // The server was certainly alive when the link sent the fence. The notice proves nothing later: it may have waited
    // in this process while the process was stopped and the server ended.
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
    this.#options.logger.warn(this.#labels, "the server takes no messages: the link is stuck");
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
      // While sending, the sockets may find that the server has ended.
      if (this.#state !== "up") return;
    }
  }

  /** Calls the owner. An exception that the owner throws for one frame must not end the loop that reads all frames. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.logger.error({ ...this.#labels, error }, "the handling of an event from Mongrel2 failed");
    }
  }
}

const connectSockets: ConnectLink = (options) => new LinkSockets(options);
