import type { Pull, XPublisher } from "zeromq";
import { PharosError } from "../../../base/errors.js";
import { TurnBudget } from "../../../base/turn-budget.js";
import type { TurnClock } from "../../../base/turn-budget.js";
import { libzmq } from "../../../zeromq/libzmq.js";

/** The events of a pair of sockets. No callback is called after `close`, or for a replaced PULL socket. */
export interface SocketEvents {
  frame(frame: Buffer): void;
  /** The server accepts messages that start with `ident`, which is usually empty. */
  subscribed(ident: string): void;
  /** The server accepts no more messages: the server ended, or the connection broke. */
  unsubscribed(): void;
  /** The TCP connection that brings frames broke and is open again. Frames that were in transit are lost. */
  remade(): void;
  /**
   * The socket did not send a message, because the server's subscription has changed and the link has not read the
   * change yet. From now on the two sockets are unusable.
   */
  overtaken(): void;
  /** A message could not be sent, or a socket cannot be read. From now on the two sockets are unusable. */
  failed(error: unknown): void;
}

export interface LinkSocketsOptions {
  readonly sendSpec: string;
  readonly recvSpec: string;
  /** The limit of frames that wait to be read. At this limit the server has to wait. */
  readonly receivedFrames: number;
  readonly clock: TurnClock;
  readonly events: SocketEvents;
}

/** The part of {@link LinkSockets} that a link uses. */
export type LinkConnection = Pick<LinkSockets, "send" | "replacePull" | "close">;

/** Connects to the server. Throws `bad-endpoint` if an address is malformed. */
export type ConnectLink = (options: LinkSocketsOptions) => LinkConnection;

const subscribe = 1;

/**
 * The two sockets of one link. Both connect at the same time. If the PULL socket connected later, the server's handler
 * task could block on its PUSH socket and never subscribe: a deadlock.
 */
export class LinkSockets {
  readonly #options: LinkSocketsOptions;
  readonly #publisher: XPublisher;
  readonly #budget: TurnBudget;
  #pull: Pull;
  #closed = false;

  /** Throws `bad-endpoint` if an address is malformed. */
  constructor(options: LinkSocketsOptions) {
    this.#options = options;
    this.#budget = new TurnBudget(options.clock);
    // The options of the socket:
    // - immediate: the socket drops messages while the link is down. Otherwise the next run of the server would get
    //   these messages.
    // - sendHighWaterMark 0: at a high-water mark, a PUB socket drops messages silently. `Windows` limits the
    //   queue instead.
    // - sendTimeout 0: each send is complete when `send` returns, so that sends without await never overlap (EBUSY).
    this.#publisher = new (libzmq().XPublisher)({
      immediate: true,
      sendHighWaterMark: 0,
      sendTimeout: 0,
      linger: 0,
    });
    this.#publisher.verbosity = "allSubs";
    try {
      this.#pull = this.#connectPull();
      this.#publisher.connect(options.recvSpec);
    } catch (cause) {
      this.#publisher.close();
      throw new PharosError("bad-endpoint", `cannot connect to ${options.sendSpec} and ${options.recvSpec}`, {
        cause,
      });
    }
    void this.#watch();
  }

  /** Sends one message; the Buffer must not be changed afterwards. */
  send(frame: Buffer): void {
    if (this.#closed) return;
    // ZeroMQ's own thread may reconnect during a long turn of the event loop. The message would then go to the next run
    // of the server, where the ids belong to other clients [seen on libzmq 4.3.5]. After a reconnect, a subscription
    // waits to be read, so the socket is readable.
    if (this.#publisher.readable) return this.#options.events.overtaken();
    try {
      this.#publisher.send(frame).catch(this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Drops the frames in the receiving socket, because these frames may be from an earlier run of the server. */
  replacePull(): void {
    if (this.#closed) return;
    this.#pull.close();
    this.#pull = this.#connectPull();
  }

  /** Drops messages that were not sent yet. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pull.close();
    this.#publisher.close();
  }

  readonly #failed = (error: unknown): void => {
    if (!this.#closed) this.#options.events.failed(error);
  };

  #connectPull(): Pull {
    const pull = new (libzmq().Pull)({ receiveHighWaterMark: this.#options.receivedFrames, linger: 0 });
    this.#observe(pull);
    pull.connect(this.#options.sendSpec);
    void this.#drain(pull);
    return pull;
  }

  #observe(pull: Pull): void {
    let broke = false;
    pull.events.on("disconnect", () => {
      broke = true;
    });
    pull.events.on("handshake", () => {
      if (!broke || this.#closed || this.#pull !== pull) return;
      broke = false;
      this.#options.events.remade();
    });
  }

  async #drain(pull: Pull): Promise<void> {
    try {
      for await (const [frame] of pull) {
        // A receive that finds a frame does not end the turn: 150,000 frames a second would block all other work.
        const pause = this.#budget.pauseIfUsedUp();
        if (pause !== undefined) await pause;
        if (this.#closed || this.#pull !== pull) return;
        if (frame !== undefined) this.#options.events.frame(frame);
      }
    } catch (error) {
      if (this.#pull === pull) this.#failed(error);
    }
  }

  async #watch(): Promise<void> {
    try {
      for await (const [message] of this.#publisher) {
        if (this.#closed) return;
        if (message === undefined) continue;
        if (message[0] === subscribe) this.#options.events.subscribed(message.toString("latin1", 1));
        else this.#options.events.unsubscribed();
      }
    } catch (error) {
      this.#failed(error);
    }
  }
}
