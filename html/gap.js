const reasons = {
  "unknown-id": "the hub does not know the last event id",
  "other-epoch": "the hub was restarted",
  evicted: "the history is full",
  deleted: "publishers have deleted events",
  "too-many-changes": "too many subscriptions started and ended",
};

/** Describes a gap in a sentence, even if the fields of the gap notice are malformed. */
export function gapSentence(notice) {
  const reason = Object.hasOwn(reasons, notice.reason) ? reasons[notice.reason] : "no reason was given";
  const named = Array.isArray(notice.topics) ? notice.topics.filter((entry) => entry?.topic) : [];
  const topics = named.map(({ topic, missedAtMost }) =>
    missedAtMost === undefined ? `some on ${topic}` : `at most ${missedAtMost} on ${topic}`,
  );
  if (notice.more === true)
    topics.push(topics.length ? "and events of more topics" : "their number is unknown");
  return `Events were lost: ${[reason, ...topics].join("; ")}.`;
}
