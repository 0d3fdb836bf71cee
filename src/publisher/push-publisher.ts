import { Push, type SocketOptions } from "zeromq";
import { parseCurveClient, type CurveClientKeys } from "../zeromq/curve/keys.js";
import { PharosError } from "../base/errors.js";
import { attach } from "../zeromq/bind.js";
import { parseEndpoint, type Endpoint } from "../zeromq/endpoint.js";
import { parseIngestMessage } from "../ingress/zeromq/message.js";
import { encodeIngestMessage, type OutgoingPublication } from "./frames.js";
import { numbered, type NumberedOptions } from "./numbered.js";

export interface PublisherOptions {
  /** Milliseconds that one send may wait for a hub with room. @default 5000 */
  readonly timeoutMs?: number;
  /** Milliseconds that sent messages have to reach the hub after `close`. @default 5000 */
  readonly lingerMs?: number;
  /** Messages on their way before a send waits; what a hub that dies can take with it. @default 128 */
  readonly queuedMessages?: number;
  /** The publisher's keys and the hub's public one, for an endpoint that asks for them. @default none */
  readonly curve?: CurveClientKeys | undefined;
}

const defaultOptions: Required<Omit<PublisherOptions, "curve">> = Object.freeze({
  timeoutMs: 5000,
  lingerMs: 5000,
  queuedMessages: 128,
});

/** Calls that may wait for an earlier one: enough for any burst that is not a loop without `await`. */
const maxWaiting = 10_000;

/**
 * Publishes to a hub over ZeroMQ. A publication is sent only to a hub that is there: none is queued for one
 * that may never come. A hub under pressure makes sends wait, up to the timeout. Broken links heal by themselves.
 */
export class PushPublisher {
  /** The address in use, with the port that a bind to a free one was given. */
  readonly address: string;
  readonly #socket: Push;
  readonly #timeoutMs: number;
  /** What may be the matter when no hub takes anything, for people. */
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
   * Opens a publisher. `endpoint` connects, unless `@` before it says to bind. That no hub is there shows
   * only when something is published.
   *
   * @throws PharosError `bad-endpoint`, `bad-curve-key`
   */
  static async open(endpoint: string, options: PublisherOptions = {}): Promise<PushPublisher> {
    const { timeoutMs, lingerMs, queuedMessages, curve } = { ...defaultOptions, ...options };
    const parsed = parseEndpoint(endpoint, "connect");
    const socket = new Push({
      // Without it libzmq queues for a peer that was never there, and a send means nothing.
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
   * Publishes; calls are sent in their order. Resolves when the message is on its way to a connected hub
   * (ZeroMQ tells no more: a hub that dies may lose what is on its way).
   *
   * @throws PharosError `not-taken` when no hub took it in time, `closed`, `too-large` when 10,000 calls
   *   wait already; and before anything is sent, what the hub would refuse it for
   */
  async publish(publication: OutgoingPublication): Promise<void> {
    await this.#enqueue(encodeIngestMessage(publication));
  }

  /**
   * Publishes event-stream text as one message to the default topic: all of its events, or none.
   *
   * @throws PharosError as {@link publish}; `bad-publication` also when the text holds no event
   */
  async publishText(text: string): Promise<void> {
    const frame = Buffer.from(text);
    if (parseIngestMessage([frame]).length === 0)
      throw new PharosError("bad-publication", "the text holds no event; an event has a data line at least");
    await this.#enqueue([frame]);
  }

  /**
   * Publishes each, as fast as the hub takes them, and resolves with their number. The source is asked for
   * the next one only when there is room. Stops at the first that is refused or not taken.
   *
   * @throws PharosError as {@link publish}, with the publication's number in front
   */
  async publishAll(
    publications: AsyncIterable<OutgoingPublication> | Iterable<OutgoingPublication>,
    options: NumberedOptions = {},
  ): Promise<number> {
    let count = 0;
    for await (const publication of publications) {
      await this.publish(publication).catch((error: unknown) => {
        throw numbered(error, count + 1, options);
      });
      count += 1;
    }
    return count;
  }

  /**
   * Lets the sends that were called finish, then closes. What is on its way goes out in the background for
   * the linger time, while the process ends as well, if it ends by itself: `process.exit` may cut it short.
   * Safe to call twice.
   */
  async close(): Promise<void> {
    await this.#last;
    this.#socket.close();
  }

  /** ZeroMQ takes one waiting send at a time, so calls stand in line. */
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
        `no hub took the publication at ${this.address} within ${this.#timeoutMs / 1000} s${this.#hint}`,
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

/** ZeroMQ does not tell a hub that is not there from one that refuses keys. */
function hintFor({ isLoopback }: Endpoint, curve: CurveClientKeys | undefined): string {
  if (curve !== undefined)
    return "; if it is there, this may not be its public key, or the publisher's is not among its clients";
  return isLoopback ? "" : "; if it is there, it asks for keys, as hubs do beyond loopback";
}

function curveOptions(keys: CurveClientKeys): SocketOptions<Push> {
  const { publicKey, secretKey, serverKey } = parseCurveClient(keys, "the publisher's keys");
  return { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey };
}
