import { Pull } from "zeromq";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { limitedLog, type Logger } from "../../base/log.js";
import { attach } from "../../zeromq/bind.js";
import type { Endpoint } from "../../zeromq/endpoint.js";

export interface ControlOptions {
  /** A bound ipc endpoint: whoever may write to its file may stop the hub. */
  readonly endpoint: Endpoint;
  /** Called for each message `shutdown`. */
  readonly onShutdown: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A word of one frame is all that is said here. */
const maxFrameBytes = 1024;
const queuedMessages = 16;

/** Takes the message `shutdown`, from a ZeroMQ PUSH. Everything else is logged at a limited rate and ignored. */
export class ControlSocket {
  /** The address in use. */
  readonly address: string;
  readonly #socket: Pull;
  readonly #reading: Promise<void>;
  #closed = false;

  private constructor(socket: Pull, address: string, options: ControlOptions) {
    this.#socket = socket;
    this.address = address;
    this.#reading = this.#read(options);
  }

  /**
   * Binds, and begins to read.
   *
   * @throws PharosError `bad-endpoint` unless the endpoint is ipc and binds, or when it cannot be bound
   */
  static async open(options: ControlOptions): Promise<ControlSocket> {
    const { endpoint } = options;
    if (endpoint.transport !== "ipc" || endpoint.mode !== "bind")
      throw new PharosError(
        "bad-endpoint",
        "a control endpoint is an ipc one that binds, for instance ipc:///run/pharos/control",
      );
    const socket = new Pull({
      receiveHighWaterMark: queuedMessages,
      maxMessageSize: maxFrameBytes,
      linger: 0,
    });
    return new ControlSocket(socket, await attach(socket, endpoint), options);
  }

  /** Stops listening. Safe to call twice, and from `onShutdown`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#socket.close();
    await this.#reading;
  }

  async #read({ clock, logger, onShutdown }: ControlOptions): Promise<void> {
    const warn = limitedLog({ logger, clock, periodMs: 1000 });
    try {
      for await (const [word, ...others] of this.#socket) {
        if (others.length === 0 && word?.toString("latin1").trim() === "shutdown") onShutdown();
        else warn({ address: this.address }, "ignored a control message; the one that is known is shutdown");
        // Ready messages are handed over without leaving the turn; a flood here must not hold up the hub.
        await new Promise<void>((resolve) => clock.endOfTurn(resolve));
      }
    } catch (error) {
      if (!this.#closed)
        logger.error({ error, address: this.address }, "the control endpoint takes no more messages");
    }
  }
}
