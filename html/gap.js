const reasons = {
  "unknown-id": "the last event id is not in history",
  "other-epoch": "the hub was started again",
  evicted: "history is full",
  "too-many-changes": "too many subscriptions began and ended",
};

/** What a gap says, as a sentence; for a notice that cannot be read, one that says so much. */
export function gapSentence(notice) {
  const reason = Object.hasOwn(reasons, notice.reason) ? reasons[notice.reason] : "no reason was given";
  const named = Array.isArray(notice.topics) ? notice.topics.filter((entry) => entry?.topic) : [];
  const topics = named.map(({ topic, missedAtMost }) => `at most ${missedAtMost} on ${topic}`);
  if (notice.more === true) topics.push(topics.length ? "others on more topics" : "how many is not known");
  return `Some publications are gone: ${[reason, ...topics].join("; ")}.`;
}
