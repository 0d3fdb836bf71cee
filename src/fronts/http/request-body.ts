import type { IncomingMessage, ServerResponse } from "node:http";
import { PharosError } from "../../base/errors.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";

/** What is dropped of a body that nobody asks for, so that the client sees its answer and can use the connection on. */
const droppedBytes = 1024 * 1024;

export interface RequestBodyOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Takes a place for the body, when it is asked for. */
  readonly enter: () => BodyReservation;
  /** More comes than is dropped: the connection is to be cut. */
  readonly cut: () => void;
}

/**
 * The body of one request, which stays at the client until somebody asks for it: nobody's megabyte is taken in before
 * it is known who sends it. What nobody asks for is read and dropped.
 */
export class RequestBody {
  readonly #options: RequestBodyOptions;
  #place: BodyReservation | undefined;

  constructor(options: RequestBodyOptions) {
    this.#options = options;
  }

  /**
   * True when an answer that is given now has to end the connection: the client has still more to send than is dropped,
   * or, where it waits for `100 Continue`, nobody can tell whether it sends at all [RFC 9110 10.1.1].
   */
  get endsConnection(): boolean {
    if (this.#hasCome) return false;
    return this.#announcedBytes > droppedBytes || this.#waitsToContinue;
  }

  /**
   * Reads it to its end.
   *
   * @throws PharosError as {@link BodyReservation.take}, or `bad-request` when the client leaves in the middle of it
   */
  async read(): Promise<Buffer> {
    const { request, response, enter } = this.#options;
    // One that has ended says so no second time.
    if (request.destroyed) throw broken();
    this.#place = enter();
    if (this.#waitsToContinue) response.writeContinue();
    return gather(request, this.#place);
  }

  /** To be called when the request is answered: what was read is needed no more, what was not is not wanted. */
  leave(): void {
    this.#place?.leave();
    if (!this.#hasCome) this.#drop();
  }

  /** Left unread it would stop the reading of the socket, and nobody would see that the client has gone. */
  #drop(): void {
    const { request, cut } = this.#options;
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > droppedBytes) cut();
    });
  }

  /** True also where there is none. */
  get #hasCome(): boolean {
    const { complete, headers } = this.#options.request;
    return complete || (this.#announcedBytes === 0 && headers["transfer-encoding"] === undefined);
  }

  get #announcedBytes(): number {
    return Number(this.#options.request.headers["content-length"] ?? 0);
  }

  get #waitsToContinue(): boolean {
    const { headers, httpVersion } = this.#options.request;
    return httpVersion === "1.1" && headers.expect?.toLowerCase() === "100-continue";
  }
}

function gather(request: IncomingMessage, place: BodyReservation): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    const stop = (error: unknown): void => {
      request.off("data", take).off("end", finish).off("close", leave).off("error", leave);
      // What else comes is dropped, and that the connection ends in the middle of it is no failure any more.
      request.on("error", () => undefined).resume();
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      try {
        place.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stop(error);
      }
    };
    const finish = (): void => resolve(Buffer.concat(chunks));
    const leave = (): void => stop(broken());
    request.on("data", take).once("end", finish).once("close", leave).once("error", leave);
  });
}

function broken(): PharosError {
  return new PharosError("bad-request", "the connection ended in the middle of the body");
}
