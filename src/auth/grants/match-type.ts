/** How the matchers of the current form are read; `mqtt` is this hub's own type. */
export const matchTypes = ["exact", "urlpattern", "mqtt"] as const;
export type MatchType = (typeof matchTypes)[number];

/** True for one of {@link matchTypes}; upper and lower case are told apart. */
export function isMatchType(value: unknown): value is MatchType {
  return matchTypes.some((type) => type === value);
}
