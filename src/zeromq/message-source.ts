/** Receives the messages of ZeroMQ PUSH sockets. */
export interface MessageSource {
  /** The address that is bound or connected, with the real port. */
  readonly address: string;
  /**
   * The frames of the next message, or a promise if no message waits. Call this method again only after the promise has
   * settled.
   *
   * @throws Error if the source is closed
   */
  receive(): readonly Buffer[] | Promise<readonly Buffer[]>;
  /** Disconnects all publishers. Safe to call twice. */
  close(): void;
}
