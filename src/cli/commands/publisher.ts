/** What the commands publish. */
export interface CliPublication {
  readonly topic?: string | undefined;
  readonly data: string;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
}

/** What the commands need of a publisher. */
export interface CliPublisher {
  /** Resolves when a hub has taken it; rejects when it is refused, or not taken in time. */
  publish(publication: CliPublication): Promise<unknown>;
  /**
   * Publishes each in order. The first that is refused or not taken ends it, with its number in the message, behind
   * what it is called; those before it are published.
   */
  publishAll(
    publications: AsyncIterable<CliPublication>,
    options: { readonly what: string },
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** Where a hub on this machine takes publications unless told otherwise. */
export const defaultTarget = ">tcp://127.0.0.1:9997";

/** How long a publication waits to be taken, in milliseconds. */
export const takenWithinMs = 5000;
