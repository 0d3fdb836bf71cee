import { EventEmitter } from "node:events";
import type { Socket } from "node:net";

/** The client receives bytes during the write, or when the schedule says. */
export type Appetite = "at-once" | "when-told";

/**
 * The part of a socket that the front uses. The schedule decides when the client receives written bytes. The client's
 * bytes wait while the front has paused the socket.
 */
export class FakeSocket extends EventEmitter {
  appetite: Appetite = "at-once";
  writable = true;
  destroyed = false;
  writableLength = 0;
  readonly readableEnded = false;
  readonly #received: (bytes: Buffer) => void;
  readonly #writes: { readonly body: Buffer; readonly done: (() => void) | undefined }[] = [];
  readonly #said: Buffer[] = [];
  #paused = false;
  #endsWhenDrained = false;

  /** @param received called with the bytes that the client receives */
  constructor(received: (bytes: Buffer) => void) {
    super();
    this.#received = received;
  }

  /** The socket as the front knows it. */
  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  write(body: Buffer, done?: () => void): boolean {
    if (this.destroyed) return false;
    if (body.length === 0) throw new Error("an empty write");
    this.#writes.push({ body, done });
    this.writableLength += body.length;
    if (this.appetite === "at-once") this.drain();
    return true;
  }

  /** The client receives everything that is written. */
  drain(): void {
    if (this.destroyed) return;
    this.writableLength = 0;
    const writes = this.#writes.splice(0);
    for (const { body } of writes) this.#received(body);
    for (const { done } of writes) if (done !== undefined) process.nextTick(done);
    if (this.#endsWhenDrained) this.destroy();
  }

  end(body: Buffer): void {
    this.write(body);
    this.destroySoon();
  }

  destroySoon(): void {
    this.writable = false;
    this.#endsWhenDrained = true;
    if (this.writableLength === 0) this.destroy();
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.writable = false;
    this.writableLength = 0;
    process.nextTick(() => this.emit("close"));
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    process.nextTick(() => this.#flush());
  }

  /** The client sends bytes. */
  say(bytes: Buffer): void {
    this.#said.push(bytes);
    this.#flush();
  }

  setTimeout(): void {}

  setNoDelay(): void {}

  #flush(): void {
    while (!this.#paused && !this.destroyed) {
      const bytes = this.#said.shift();
      if (bytes === undefined) return;
      this.emit("data", bytes);
    }
  }
}
