import type { Socket } from "node:net";
import type { Connection } from "../../delivery/connection.js";
import type { EndReason } from "../../delivery/joining/open-stream.js";
import type { Fanout } from "../../delivery/fanout.js";
import { lastChunk } from "../../gateway/http/response-head.js";
import { emptyPing } from "../../gateway/websocket/frame.js";
import { descriptorOf } from "../descriptor-of.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { isSecure } from "../strict-transport.js";
import { writeDirectly } from "./direct-write.js";
import type { WatchedClient } from "./vanished/vanished-clients.js";
import { isHeldUp, writeEncrypted } from "./secure/encrypted-write.js";
import type { WebSocketConnection } from "./websocket-connection.js";

export interface SocketTargetOptions {
  readonly socket: Socket;
  readonly fanout: Fanout<StreamTarget>;
  /** Set if the stream is a WebSocket. */
  readonly webSocket?: WebSocketConnection | undefined;
  /** True if the stream's bytes are chunks; see {@link StreamStart.isChunked}. @default false */
  readonly isChunked?: boolean | undefined;
}

/** A socket that belongs to one stream: that of an event stream of HTTP/1, or of a WebSocket. */
export class SocketTarget implements StreamTarget, WatchedClient {
  readonly socket: Socket;
  readonly webSocket: WebSocketConnection | undefined;
  /** The number of further requests on the stream's connection. */
  extraRequests = 0;
  /** The bytes of the bodies of these requests, as far as they came apart from their heads. */
  extraBytes = 0;
  readonly #fanout: Fanout<StreamTarget>;
  /** The socket's file descriptor; undefined if it must not be written to directly. */
  readonly #fd: number | undefined;
  readonly #isChunked: boolean;
  #connection: Connection<StreamTarget> | undefined;
  #directBytes = 0;

  constructor({ socket, fanout, webSocket, isChunked = false }: SocketTargetOptions) {
    this.socket = socket;
    this.webSocket = webSocket;
    this.#fanout = fanout;
    this.#fd = descriptorOf(socket);
    this.#isChunked = isChunked;
  }

  /** The stream. The front sets it at once, before the first write. */
  get connection(): Connection<StreamTarget> {
    if (this.#connection === undefined) throw new Error("the stream of this socket is not open yet");
    return this.#connection;
  }

  set connection(connection: Connection<StreamTarget>) {
    this.#connection = connection;
  }

  /** The bytes that were written without the socket, which does not count them. */
  get directBytes(): number {
    return this.#directBytes;
  }

  get sentBytes(): undefined {
    return undefined;
  }

  get group(): undefined {
    return undefined;
  }

  get isHeldUp(): boolean {
    return isHeldUp(this.socket);
  }

  get answersPings(): boolean {
    return this.webSocket !== undefined;
  }

  write(body: Buffer): boolean {
    const { socket } = this;
    if (isSecure(socket)) {
      writeEncrypted(socket, body, this.#onWritten);
      return false;
    }
    const taken = this.#fd === undefined ? 0 : writeDirectly(socket, this.#fd, body);
    this.#directBytes += taken;
    if (taken < body.length) socket.write(taken === 0 ? body : body.subarray(taken), this.#onWritten);
    return socket.writableLength === 0;
  }

  end(reason: EndReason, last: Buffer): void {
    if (this.webSocket !== undefined) {
      if (last.length > 0) this.socket.write(last);
      return this.webSocket.end(reason);
    }
    const bytes = this.#isChunked ? Buffer.concat([last, lastChunk]) : last;
    if (bytes.length > 0) this.socket.write(bytes);
    this.socket.destroySoon();
  }

  cut(): void {
    this.socket.destroy();
  }

  /** The ping follows the page or round that is being written. */
  ping(): void {
    this.#fanout.reply(this.connection, { answer: emptyPing });
  }

  cutVanished(): void {
    this.#fanout.cutVanished(this.connection);
  }

  readonly #onWritten = (): void => {
    if (this.socket.writableLength > 0) return;
    this.#fanout.drained(this.connection);
    this.webSocket?.drained();
  };
}
