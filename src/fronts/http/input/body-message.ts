import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { BodyBuffer } from "../../../gateway/limits/body-buffer.js";
import { RequestHead } from "../../../gateway/limits/request-head.js";

/**
 * The bytes of a body that the front receives before the body is read. Then the socket is paused. Some more bytes may
 * follow: the rest of a piece of the input.
 */
const heldBytes = 4096;

/** For bytes that are limited by {@link heldBytes}, without a reservation. */
const unreserved = { resize: (): void => undefined };

/** The requests that {@link BodyMessage.takeNewest} has not taken yet. */
const begun = new WeakMap<Socket, BodyMessage>();

/**
 * A request whose body does not go through Node's stream. That stream keeps an object for each chunk: a body in chunks
 * of one byte used 70 to 90 times its bytes. The events `end`, `close` and `error` are the same as for other requests;
 * there is no event `data`.
 */
export class BodyMessage extends IncomingMessage {
  #held: BodyBuffer | undefined;
  #take: ((chunk: Buffer) => void) | undefined;
  #head: RequestHead | undefined;

  constructor(socket: Socket) {
    super(socket);
    begun.set(socket, this);
  }

  /**
   * The request on the connection whose head Node's parser has read since the last call; undefined if there is none. The
   * connection does not keep the request in memory.
   */
  static takeNewest(socket: Socket): BodyMessage | undefined {
    const message = begun.get(socket);
    begun.delete(socket);
    return message;
  }

  /** The front's server creates each request as a BodyMessage. */
  static of(message: IncomingMessage): BodyMessage {
    if (message instanceof BodyMessage) return message;
    throw new TypeError("this request is not of the front's server");
  }

  /** Not in a WeakMap: V8 would keep each answered request until its next collection of the whole heap. */
  get head(): RequestHead {
    this.#head ??= new RequestHead(this);
    return this.#head;
  }

  /** Node's parser calls this method for each chunk. The result false pauses the socket. */
  override push(chunk: unknown): boolean {
    if (!(chunk instanceof Buffer)) return super.push(chunk);
    if (this.#take !== undefined) {
      this.#take(chunk);
      return true;
    }
    this.#held ??= new BodyBuffer({ reservation: unreserved, mostBytes: Number.MAX_SAFE_INTEGER });
    this.#held.append(chunk);
    return this.#held.length < heldBytes;
  }

  /**
   * Passes each chunk of the body to `take`, and resumes the socket. The chunks belong to larger buffers: copy the bytes
   * that you store. A second call replaces `take` for the chunks that have not been received.
   */
  readBody(take: (chunk: Buffer) => void): void {
    const held = this.#held?.join();
    this.#held = undefined;
    this.#take = take;
    if (held !== undefined) take(held);
    this.resume();
  }
}
