/**
 * Frames that arrived before the server subscribed, so that the link cannot answer yet. The link must read its
 * receiving socket even before the subscription, because a connected socket that nobody reads blocks the whole server.
 */
export class HeldFrames {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  #frames: Buffer[] = [];
  #bytes = 0;

  constructor(limits: { readonly heldFrames: number; readonly heldBytes: number }) {
    this.#maxFrames = limits.heldFrames;
    this.#maxBytes = limits.heldBytes;
  }

  /** Returns false and drops the frame if too many frames are kept. */
  add(frame: Buffer): boolean {
    if (this.#frames.length >= this.#maxFrames || this.#bytes + frame.length > this.#maxBytes) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** Removes all frames and returns them, oldest first. */
  drain(): readonly Buffer[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
