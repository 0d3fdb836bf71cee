/** Publishes to a server in the server's own way. */
export interface Sender {
  /**
   * Returns a promise only if the server cannot accept more publications now. Wait for this promise before the next
   * call.
   */
  send(stream: number, payload: string): Promise<void> | undefined;
}
