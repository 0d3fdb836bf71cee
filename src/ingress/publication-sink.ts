import type { Publication } from "../hub/publications/publication.js";

/** Accepts the publications of an ingress: the journal, within the hub's limits. */
export interface PublicationSink {
  /**
   * Takes a publication. The order of calls is the order of publications. A journal that is not in memory may return a
   * promise; further calls do not wait for it, and a rejection is logged.
   */
  append(publication: Publication): unknown;
  /**
   * Undefined while the sink accepts publications; otherwise a promise that resolves when it accepts them again. Called
   * before each message, and again after the promise has resolved.
   */
  room(): Promise<void> | undefined;
}
