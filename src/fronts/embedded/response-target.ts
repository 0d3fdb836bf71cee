import { Socket } from "node:net";
import type { Connection } from "../../delivery/connection.js";
import type { Fanout } from "../../delivery/fanout.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { StreamingConnection } from "../../gateway/limits/extra-requests.js";
import type { WatchedClient } from "../http/vanished/vanished-clients.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { cutResponse, isHttp1 } from "./host-messages.js";
import type { HostResponse } from "./host-messages.js";

interface BytesOutput {
  write(bytes: Buffer): boolean;
}

/**
 * An event stream that goes through the host's response: with HTTP/2, or if middleware has replaced the methods of the
 * response. Such a response buffers some bytes before its client has to read them.
 */
export class ResponseTarget implements StreamTarget, StreamingConnection {
  extraRequests = 0;
  readonly #response: HostResponse;
  readonly #fanout: Fanout<StreamTarget>;
  #isWaiting = false;
  #connection: Connection<StreamTarget> | undefined;

  constructor(response: HostResponse, fanout: Fanout<StreamTarget>) {
    this.#response = response;
    this.#fanout = fanout;
  }

  get sentBytes(): undefined {
    return undefined;
  }

  get group(): undefined {
    return undefined;
  }

  get isHeldUp(): boolean {
    return this.#isWaiting;
  }

  /**
   * Call this method when the stream is open in the fan-out, before its first write.
   *
   * @returns the client for the check of clients that have vanished; undefined with HTTP/2, whose socket is the host's
   */
  opened(connection: Connection<StreamTarget>): WatchedClient | undefined {
    const response = this.#response;
    this.#connection = connection;
    // Middleware may pass on the listeners of `drain` to a stream of its own, and not remove them there.
    response.on("drain", () => {
      if (!this.#isWaiting) return;
      this.#isWaiting = false;
      this.#fanout.drained(connection);
    });
    response.once("close", () => this.#fanout.closed(connection));
    response.on("error", () => undefined);
    if (!isHttp1(response) || !(response.socket instanceof Socket)) return undefined;
    return {
      socket: response.socket,
      answersPings: false,
      ping: () => undefined,
      cutVanished: () => this.#fanout.cutVanished(connection),
    };
  }

  /** Middleware that compresses a response keeps the bytes back until its method `flush` is called. */
  write(body: Buffer): boolean {
    const response: BytesOutput = this.#response;
    this.#isWaiting = !response.write(body);
    const flush: unknown = Reflect.get(response, "flush");
    if (typeof flush === "function") Reflect.apply(flush, response, []);
    return !this.#isWaiting;
  }

  end(_reason: EndReason, last: Buffer): void {
    this.#response.end(last);
  }

  /** Ends the stream of a client that sends further requests on its connection. */
  endMisused(): void {
    if (this.#connection !== undefined) this.#fanout.end(this.#connection, "misused");
  }

  cut(): void {
    cutResponse(this.#response);
  }
}
