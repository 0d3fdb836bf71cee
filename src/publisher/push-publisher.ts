import type { Push, SocketOptions } from "zeromq";
import { parseCurveClient, type CurveClientKeys } from "../zeromq/curve/keys.js";
import { PharosError } from "../base/errors.js";
import { attach } from "../zeromq/bind.js";
import { libzmq } from "../zeromq/libzmq.js";
import { parseEndpoint, type Endpoint } from "../zeromq/endpoint.js";
import { parseIngestMessage } from "../ingress/zeromq/message.js";
import { encodeIngestMessage, type OutgoingPublication } from "./frames.js";
import { checkNames, checkNumber, checkSource } from "./check-arguments.js";
import { numbered, type PublishAllOptions } from "./numbered.js";

export interface PublisherOptions {
  /** The longest time that one send waits for a hub to accept the message, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** The time after `close` in which sent messages may still reach the hub, in milliseconds. @default 5000 */
  readonly lingerMs?: number;
  /**
   * The maximum number of messages in flight. If this number of messages is in flight, the next send waits. If the hub
   * crashes, messages in flight may be lost. @default 128
   */
  readonly queuedMessages?: number;
  /** The keys of the publisher and the public key of the hub, for an endpoint with CURVE keys. @default none */
  readonly curve?: CurveClientKeys | undefined;
}

const defaultOptions: Required<Omit<PublisherOptions, "curve">> = Object.freeze({
  timeoutMs: 5000,
  lingerMs: 5000,
  queuedMessages: 128,
});

/** The maximum number of waiting calls. Only a loop without `await` exceeds this limit. */
const maxWaiting = 10_000;

/**
 * Publishes to a hub over ZeroMQ. The publisher sends a publication only to a connected hub. The publisher does not
 * queue publications for a hub that may never connect. If the hub is overloaded, each send waits, up to the time-out.
 * The publisher reconnects by itself.
 */
export class PushPublisher {
  /** The address in use. After a bind to a free port, the address contains the real port. */
  readonly address: string;
  readonly #socket: Push;
  readonly #timeoutMs: number;
  /** The end of the error message when no hub accepts a publication: a possible cause. */
  readonly #hint: string;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  private constructor({ socket, address, timeoutMs, hint }: Opened) {
    this.#socket = socket;
    this.address = address;
    this.#timeoutMs = timeoutMs;
    this.#hint = hint;
  }

  /**
   * Opens a publisher. The publisher connects to `endpoint`, or binds `endpoint` if the text begins with `@`. The
   * method also succeeds if there is no hub, but then the first publication fails.
   *
   * @throws PharosError `bad-endpoint`, `bad-curve-key`; `bad-config` for an option that is unknown or not a number
   */
  static async open(endpoint: string, options: PublisherOptions = {}): Promise<PushPublisher> {
    const names = ["timeoutMs", "lingerMs", "queuedMessages", "curve"];
    checkNames(options, { what: "options", names, code: "bad-config" });
    const { timeoutMs, lingerMs, queuedMessages, curve } = { ...defaultOptions, ...options };
    checkNumber("timeoutMs", timeoutMs, 1);
    checkNumber("lingerMs", lingerMs, 0);
    // 0 would be no limit in ZeroMQ.
    checkNumber("queuedMessages", queuedMessages, 1);
    const parsed = parseEndpoint(endpoint, "connect");
    const socket = new (libzmq().Push)({
      // Without `immediate`, libzmq also queues messages for a hub that never existed, so a completed send would prove
      // nothing.
      immediate: true,
      sendTimeout: timeoutMs,
      sendHighWaterMark: queuedMessages,
      linger: lingerMs,
      ...(curve === undefined ? {} : curveOptions(curve)),
    });
    const address = await attach(socket, parsed);
    return new PushPublisher({ socket, address, timeoutMs, hint: hintFor(parsed, curve) });
  }

  /**
   * Publishes in the order of the calls. Resolves when ZeroMQ has accepted the message for a connected hub. ZeroMQ does
   * not confirm delivery: if the hub crashes, messages in transit may be lost.
   *
   * @throws PharosError `not-taken` when no hub accepted the publication in time; `closed`; `too-large` when 10,000
   *   calls already wait
   * @throws PharosError the code of a validation error, before anything is sent
   */
  async publish(publication: OutgoingPublication): Promise<void> {
    await this.#enqueue(encodeIngestMessage(publication));
  }

  /**
   * Publishes a text in the event-stream format to the default topic, as one message. The hub publishes all events of
   * the text or none.
   *
   * @throws PharosError as {@link publish}; `bad-publication` also when the text has no event
   */
  async publishText(text: string): Promise<void> {
    const frame = Buffer.from(text);
    if (parseIngestMessage([frame]).length === 0)
      throw new PharosError(
        "bad-publication",
        "the text has no event; an event needs at least one data line",
      );
    await this.#enqueue([frame]);
  }

  /**
   * Publishes all items of the source as fast as the hub accepts them, and resolves with the number of items. The
   * method reads the next item only when the queue has space. Stops at the first failure.
   *
   * @throws PharosError as {@link publish}, with the publication's number at the start of the message
   */
  async publishAll(
    publications: AsyncIterable<OutgoingPublication> | Iterable<OutgoingPublication>,
    options: PublishAllOptions = {},
  ): Promise<number> {
    checkSource(publications, options);
    let count = 0;
    for await (const publication of publications) {
      await this.publish(publication).catch((error: unknown) => {
        throw numbered(error, count + 1, options);
      });
      count += 1;
      options.onPublished?.(count);
    }
    return count;
  }

  /**
   * Waits for earlier calls, then closes. After `close`, ZeroMQ sends the messages in flight in the background, for at
   * most `lingerMs`. A process that ends by itself waits for this time, but `process.exit` may lose the messages. Safe
   * to call twice.
   */
  async close(): Promise<void> {
    await this.#last;
    this.#socket.close();
  }

  /** ZeroMQ allows one waiting send at a time, so the publisher queues the calls. */
  async #enqueue(frames: Buffer[]): Promise<void> {
    if (this.#waiting >= maxWaiting)
      throw new PharosError("too-large", `${maxWaiting} publications already wait; await each call`);
    this.#waiting += 1;
    const sent = this.#last.then(() => this.#send(frames));
    this.#last = sent.catch(() => undefined).finally(() => (this.#waiting -= 1));
    await sent;
  }

  async #send(frames: Buffer[]): Promise<void> {
    if (this.#socket.closed) throw new PharosError("closed", "the publisher is closed");
    try {
      await this.#socket.send(frames);
    } catch (cause) {
      throw new PharosError(
        "not-taken",
        `no hub at ${this.address} accepted the publication within ${this.#timeoutMs / 1000} s${this.#hint}`,
        { cause },
      );
    }
  }
}

interface Opened {
  readonly socket: Push;
  readonly address: string;
  readonly timeoutMs: number;
  readonly hint: string;
}

/** Suggests a cause, because ZeroMQ does not report whether the hub is down or refuses the keys. */
function hintFor({ isLoopback }: Endpoint, curve: CurveClientKeys | undefined): string {
  if (curve !== undefined)
    return "; if a hub listens there, check its public key, and that it lists the publisher's key among its clients";
  return isLoopback
    ? ""
    : "; if a hub listens there, it requires keys: hubs do so on addresses other than loopback";
}

function curveOptions(keys: CurveClientKeys): SocketOptions<Push> {
  const { publicKey, secretKey, serverKey } = parseCurveClient(keys, "the publisher's keys");
  return { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey };
}
