/** Topics whose publications anyone may read. The publications of the last one have ids of their own. */
export const publicTopics = ["t0", "t1", "t2", "t3", "t4", "t5", "own"] as const;

/** Topics whose publications need a token. */
export const privateTopics = ["p0", "p1"] as const;

export const allTopics: readonly string[] = [...publicTopics, ...privateTopics];

/** The filters that clients choose from. `#` matches all topics. */
export const filterTexts: readonly string[] = [...allTopics, "#"];

/** The topics that a client with these filters gets, with or without a token. */
export function followed(filters: readonly string[], hasToken: boolean): ReadonlySet<string> {
  const readable = hasToken ? allTopics : publicTopics;
  return new Set(readable.filter((topic) => filters.includes("#") || filters.includes(topic)));
}

/** A generator of numbers from 0 up to 1, the same for each seed [mulberry32]. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A few filters. */
export function someFilters(random: () => number): readonly string[] {
  const some = filterTexts.filter(() => random() < 0.3);
  return some.length > 0 ? some : ["t0"];
}
