/** Receives the messages of ZeroMQ PUSH sockets. */
export interface MessageSource {
  /** The address that is bound or connected, with the real port. */
  readonly address: string;
  /**
   * Resolves with the frames of the next message. Call this method again only after the promise has settled.
   *
   * @throws Error if the source is closed
   */
  receive(): Promise<readonly Buffer[]>;
  /** Disconnects all publishers. Safe to call twice. */
  close(): void;
}
