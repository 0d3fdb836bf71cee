import type { Publication } from "../hub/publications/publication.js";

/** Where ingress hands publications: the journal, behind the hub's limits. */
export interface PublicationSink {
  /**
   * Takes a publication; the order of calls is the order of publications. A promise may be returned where
   * the journal is not in memory; calls do not wait for it, and a rejection is logged.
   */
  append(publication: Publication): unknown;
  /**
   * Undefined while there is room; otherwise a promise that resolves when there may be room again. It is
   * asked before each message, and again after it resolved.
   */
  room(): Promise<void> | undefined;
}
