import { turnEnd, type Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { limitedLog, type Logger } from "../../base/log.js";
import type { Endpoint } from "../../zeromq/endpoint.js";
import type { MessageSource } from "../../zeromq/message-source.js";
import { type AdmitPublisher, openSource } from "./open-source.js";

export interface ControlOptions {
  /**
   * An ipc endpoint. If the hub binds the endpoint, every program that may write to its socket file can stop the hub. If
   * the hub connects, the program that binds the endpoint can stop the hub.
   */
  readonly endpoint: Endpoint;
  /** Called for each message `shutdown`. */
  readonly onShutdown: () => void;
  /** Decides on each new publisher of an endpoint that is bound without libzmq. @default accepts all */
  readonly admit?: AdmitPublisher;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The limit of a frame. The only valid message, `shutdown`, is much shorter. */
const maxFrameBytes = 1024;
const queuedMessages = 16;

/**
 * Receives the message `shutdown` from a ZeroMQ PUSH socket. The socket ignores any other message, and logs it at a
 * limited rate.
 */
export class ControlSocket {
  /** The address that is bound or connected. */
  readonly address: string;
  readonly #source: MessageSource;
  readonly #reading: Promise<void>;
  #closed = false;

  private constructor(source: MessageSource, options: ControlOptions) {
    this.#source = source;
    this.address = source.address;
    this.#reading = this.#read(options);
  }

  /**
   * Binds or connects the endpoint, and starts to read. A connection is made again whenever the other program starts.
   *
   * @throws PharosError `bad-endpoint` if the endpoint is not an ipc endpoint, or cannot be bound
   */
  static async open(options: ControlOptions): Promise<ControlSocket> {
    const { endpoint } = options;
    if (endpoint.transport !== "ipc")
      throw new PharosError(
        "bad-endpoint",
        `a control endpoint must be an ipc path, for instance ipc:///run/pharos/control, not ${endpoint.address}`,
      );
    return new ControlSocket(await openSource({ ...options, maxFrameBytes, queuedMessages }), options);
  }

  /** Stops listening. Safe to call twice, and from `onShutdown`. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#source.close();
    await this.#reading;
  }

  async #read({ clock, logger, onShutdown }: ControlOptions): Promise<void> {
    const warn = limitedLog({ logger, clock, periodMs: 1000 });
    try {
      for (;;) {
        const [word, ...others] = await this.#source.receive();
        if (others.length === 0 && word?.toString("latin1").trim() === "shutdown") onShutdown();
        else warn({ address: this.address }, "ignored a control message; the only valid one is shutdown");
        // If a message is already there, `receive` does not end the turn of the event loop. Without this wait, a flood
        // of messages would block the hub.
        await turnEnd(clock);
      }
    } catch (error) {
      if (!this.#closed)
        logger.error({ error, address: this.address }, "the control endpoint accepts no more messages");
    }
  }
}
