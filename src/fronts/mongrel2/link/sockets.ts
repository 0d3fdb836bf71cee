import { Pull, XPublisher } from "zeromq";
import { PharosError } from "../../../base/errors.js";

/** What the pair of sockets tells the link. Nothing comes after `close`, nor from a PULL that was replaced. */
export interface SocketEvents {
  frame(frame: Buffer): void;
  /** The server takes messages that start with `ident`, which is mostly empty. */
  subscribed(ident: string): void;
  /** It no longer does: it ended, or the connection broke. */
  unsubscribed(): void;
  /** The connection that brings frames broke and stands again: what was under way on it is lost. */
  remade(): void;
  /**
   * A message was not sent: the server's subscription has changed, and this process had not come to read of it. The
   * pair is of no more use.
   */
  overtaken(): void;
  /** A message could not be sent, or a socket cannot be read. The pair is of no more use. */
  failed(error: unknown): void;
}

export interface LinkSocketsOptions {
  readonly sendSpec: string;
  readonly recvSpec: string;
  /** Frames that wait to be read before the server is held up. */
  readonly receivedFrames: number;
  readonly events: SocketEvents;
}

const subscribe = 1;

/**
 * The two sockets of one link. Both connect at once: PULL alone later can deadlock, since the server's handler task
 * blocks on its PUSH while nobody is there to take from it, and then never subscribes.
 */
export class LinkSockets {
  readonly #options: LinkSocketsOptions;
  readonly #publisher: XPublisher;
  #pull: Pull;
  #closed = false;

  /** Throws `bad-endpoint` when an address is malformed. */
  constructor(options: LinkSocketsOptions) {
    this.#options = options;
    // immediate: what is sent while the link is down is dropped, else the next run of the server gets it.
    // No high-water mark: at one, PUB drops without a word; the queue is bounded by windows instead.
    // sendTimeout 0: each send is over when it returns, so that sends without await never overlap (EBUSY).
    this.#publisher = new XPublisher({ immediate: true, sendHighWaterMark: 0, sendTimeout: 0, linger: 0 });
    this.#publisher.verbosity = "allSubs";
    try {
      this.#pull = this.#connectPull();
      this.#publisher.connect(options.recvSpec);
    } catch (cause) {
      this.#publisher.close();
      throw new PharosError("bad-endpoint", `cannot connect to ${options.sendSpec}, ${options.recvSpec}`, {
        cause,
      });
    }
    void this.#watch();
  }

  /** Sends one message; the Buffer must not be changed afterwards. */
  send(frame: Buffer): void {
    if (this.#closed) return;
    // ZeroMQ's own thread connects anew while a long turn runs here: the message would go to the next run of the
    // server, where its ids are of others' clients [seen on libzmq 4.3.5]. What waits to be read tells of it.
    if (this.#publisher.readable) return this.#options.events.overtaken();
    try {
      this.#publisher.send(frame).catch(this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Drops what the receiving socket holds, which may be of a run of the server that is over. */
  replacePull(): void {
    if (this.#closed) return;
    this.#pull.close();
    this.#pull = this.#connectPull();
  }

  /** Safe to call twice. What was not sent yet is dropped. */
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
    const pull = new Pull({ receiveHighWaterMark: this.#options.receivedFrames, linger: 0 });
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
