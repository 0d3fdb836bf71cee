import { defaultIngest } from "../../../config/settings/publishing.js";

/** A publication of a command. */
export interface CliPublication {
  /** Several topics need a hub that is reached over HTTP. */
  readonly topic?: string | readonly string[] | undefined;
  readonly data: string;
  readonly type?: string | undefined;
  readonly id?: string | undefined;
  readonly ttl?: number | string | undefined;
  readonly retry?: number | string | undefined;
  readonly retain?: boolean | undefined;
  readonly private?: boolean | undefined;
}

/** The publisher that the commands use. */
export interface CliPublisher {
  /**
   * Resolves when a hub has accepted the publication: over HTTP with the event id, over ZeroMQ without a value. Rejects
   * when the hub refuses the publication, or does not accept it in time.
   */
  publish(publication: CliPublication): Promise<string | void>;
  /**
   * Publishes all items in order. Stops at the first failure. The error message begins with `what` and the number of
   * the failed publication. The publications before the failure were published.
   */
  publishAll(
    publications: AsyncIterable<CliPublication>,
    options: { readonly what: string; readonly onPublished?: (count: number) => void },
  ): Promise<unknown>;
  close(): Promise<void>;
}

/** The default ingest endpoint of a hub on this machine. */
export const defaultTarget = `>${defaultIngest}`;

/** The time-out for a hub to accept a publication, in milliseconds. */
export const takenWithinMs = 5000;
