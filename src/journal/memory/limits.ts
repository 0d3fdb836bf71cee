/** How much past is kept. Whatever goes over evicts the oldest and is told to those who would have read it. */
export interface HistoryLimits {
  /** Entries per topic: what 1,000 publications a second leave behind in a minute. */
  readonly topicEvents: number;
  /** Bytes per topic: a quarter of all, so that one noisy topic leaves room for the others. */
  readonly topicBytes: number;
  /** Bytes of the history that the topics of subscription events share: some 20,000 of them. */
  readonly sharedBytes: number;
  /** Seconds an entry is kept. */
  readonly ageSeconds: number;
  /** Bytes in all topics together. */
  readonly bytes: number;
  /** Topics with a history; the one published to longest ago is forgotten first. */
  readonly topics: number;
  /** Publishers' own ids that are known as cursors: at 256 bytes an id at most about 40 MB. */
  readonly ids: number;
}

export const defaultHistoryLimits: HistoryLimits = Object.freeze({
  topicEvents: 65_536,
  topicBytes: 64 * 1024 * 1024,
  sharedBytes: 16 * 1024 * 1024,
  ageSeconds: 86_400,
  bytes: 256 * 1024 * 1024,
  topics: 100_000,
  ids: 100_000,
});
