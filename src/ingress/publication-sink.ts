import type { Publication } from "../hub/publications/publication.js";

/** Accepts the publications of an ingress: the journal, within the hub's limits. */
export interface PublicationSink {
  /**
   * Accepts a publication. The order of calls is the order of publications. A journal that is not in memory may return
   * a promise. The ingress does not wait for the promise before the next call, and logs a rejection. Calls of the same
   * turn may return the same promise.
   */
  add(publication: Publication): void | Promise<void>;
  /**
   * Returns undefined while the sink accepts publications. Otherwise returns a promise that resolves when the sink
   * accepts publications again. The ingress calls this method before each message, and again after the promise has
   * resolved.
   */
  room(): Promise<void> | undefined;
}
