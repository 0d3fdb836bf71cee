/**
 * Frames that came before the server had subscribed, when no answer could reach it. The receiving socket must be read
 * all the same: one that is connected and left unread stalls the whole server.
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

  /** False when the frame is one too many and was dropped. */
  add(frame: Buffer): boolean {
    if (this.#frames.length >= this.#maxFrames || this.#bytes + frame.length > this.#maxBytes) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  /** Hands them over, oldest first, and keeps none. */
  take(): readonly Buffer[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    return frames;
  }
}
