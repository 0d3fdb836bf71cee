import { PharosError } from "../../base/errors.js";
import { Lifetime } from "../../base/lifetime.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { BodyBuffer } from "../../gateway/limits/body-buffer.js";
import type { Http2Stream } from "./session/http2-stream.js";

/** The most bytes of a body that nobody reads, as with HTTP/1. */
const mostDroppedBytes = 1024 * 1024;

export interface Http2BodyOptions {
  readonly stream: Http2Stream;
  /** True if the client sends the body after `100 Continue` only. */
  readonly waitsToContinue: boolean;
  /** Reserves memory for the body until the end of the lifetime. Called when the body is read. */
  readonly reserve: (lifetime: Lifetime) => BodyReservation;
  /** The most bytes of the body. */
  readonly mostBytes: number;
}

/**
 * The body of one request. It uses memory only once the gateway reads it: before that, the client may send no more than
 * the window of its connection.
 */
export class Http2Body {
  readonly #options: Http2BodyOptions;
  /** The time during which the body uses memory. */
  readonly #lifetime = new Lifetime();
  #isTaken = false;

  constructor(options: Http2BodyOptions) {
    this.#options = options;
    options.stream.lifetime.onEnd(() => this.leave());
  }

  /**
   * Drops the body. Otherwise its bytes would stay in the window of the connection, and no other request could send a body
   * meanwhile. A client that sends too much is not served further.
   */
  drop(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    const { stream } = this.#options;
    let bytes = 0;
    stream.readBody({
      data: ({ length }) => {
        bytes += length;
        if (bytes > mostDroppedBytes) stream.cancel();
      },
      end: () => undefined,
    });
  }

  /**
   * Reads the whole body.
   *
   * @throws PharosError as {@link BodyBuffer.append}, or `bad-request` if the stream ends before the end of the body
   */
  read(): Promise<Buffer> {
    const { stream, waitsToContinue, reserve, mostBytes } = this.#options;
    this.#isTaken = true;
    const body = new BodyBuffer({ reservation: reserve(this.#lifetime), mostBytes });
    if (waitsToContinue && !stream.hasRequest) stream.sendInterim(100);
    return new Promise((resolve, reject) => {
      stream.lifetime.onEnd(() =>
        reject(new PharosError("bad-request", "the stream ended in the middle of the body")),
      );
      let isRefused = false;
      stream.readBody({
        data: (bytes) => {
          // The rest of a refused body is dropped until the client has its answer.
          if (isRefused) return;
          try {
            body.append(bytes);
          } catch (error) {
            isRefused = true;
            reject(error);
          }
        },
        end: () => {
          if (!isRefused) resolve(body.join());
        },
      });
    });
  }

  /** Call this method when the request is answered. Frees the memory of the body, and drops an unread one. */
  leave(): void {
    this.#lifetime.end();
    this.drop();
  }
}
