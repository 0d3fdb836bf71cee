import type { ServerResponse } from "node:http";
import { PharosError } from "../../../base/errors.js";
import { Lifetime } from "../../../base/lifetime.js";
import type { BodyReservation } from "../../../gateway/limits/body-budget.js";
import { BodyBuffer } from "../../../gateway/limits/body-buffer.js";
import type { BodyMessage } from "./body-message.js";

/**
 * The front reads and drops an unread body up to this size. The client then receives the response, and can reuse the
 * connection.
 */
export const droppedBytes = 1024 * 1024;

export interface RequestBodyOptions {
  readonly request: BodyMessage;
  readonly response: ServerResponse;
  /** Reserves memory for the body until the end of the lifetime. Called when the body is read. */
  readonly reserve: (lifetime: Lifetime) => BodyReservation;
  /** The most bytes of the body. */
  readonly mostBytes: number;
  /** Closes the connection at once, because the client sends more than the front drops. */
  readonly cut: () => void;
}

/**
 * The body of one request. The front reads the body only when the gateway needs it, so that the body uses no memory
 * before the client's rights are known. If the gateway does not need the body, the front reads and drops it.
 */
export class RequestBody {
  readonly #options: RequestBodyOptions;
  /** The time during which the body uses memory. */
  readonly #lifetime = new Lifetime();

  constructor(options: RequestBodyOptions) {
    this.#options = options;
  }

  /**
   * True if a response now has to close the connection, for one of two reasons:
   * - The client announces a body of more bytes than the front drops.
   * - The client waits for `100 Continue`, so it may still send its body or not [RFC 9110 10.1.1].
   */
  get endsConnection(): boolean {
    if (this.#isComplete) return false;
    const { announcedBytes, waitsToContinue } = this.#options.request.head;
    return announcedBytes > droppedBytes || waitsToContinue;
  }

  /**
   * Reads the whole body.
   *
   * @throws PharosError as {@link BodyBuffer.append}, or `bad-request` if the connection ends before the end of the
   *   body
   */
  async read(): Promise<Buffer> {
    const { request, response, reserve, mostBytes } = this.#options;
    // A destroyed request emits no further event.
    if (request.destroyed) throw broken();
    const reservation = reserve(this.#lifetime);
    if (request.head.waitsToContinue) response.writeContinue();
    return gather(request, new BodyBuffer({ reservation, mostBytes }));
  }

  /** Call this method when the request is answered. Frees the memory of the body, and drops the unread bytes. */
  leave(): void {
    this.#lifetime.end();
    const { request, cut } = this.#options;
    if (!this.#isComplete) dropBody(request, cut);
  }

  /** True if the whole body was received, or if there is no body. */
  get #isComplete(): boolean {
    const { complete, head } = this.#options.request;
    return complete || !head.hasBody;
  }
}

/**
 * Reads and drops the rest of a body. Calls `cut` for each chunk above the limit. While a body is unread, Node does not
 * read the socket, and so does not notice the end of the connection.
 */
export function dropBody(request: BodyMessage, cut: () => void): void {
  let bytes = 0;
  request.readBody((chunk) => {
    bytes += chunk.length;
    if (bytes > droppedBytes) cut();
  });
}

function gather(request: BodyMessage, body: BodyBuffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // After the end of the body, or after an error, the end of the connection is not an error of this request.
    const stop = (): unknown =>
      request
        .off("end", finish)
        .off("close", leave)
        .off("error", leave)
        .on("error", () => undefined);
    const finish = (): void => {
      stop();
      resolve(body.join());
    };
    const fail = (error: unknown): void => {
      stop();
      request.readBody(() => undefined);
      reject(error);
    };
    const leave = (): void => fail(broken());
    const take = (chunk: Buffer): void => {
      try {
        body.append(chunk);
      } catch (error) {
        fail(error);
      }
    };
    request.once("end", finish).once("close", leave).once("error", leave).readBody(take);
  });
}

function broken(): PharosError {
  return new PharosError("bad-request", "the connection ended in the middle of the body");
}
