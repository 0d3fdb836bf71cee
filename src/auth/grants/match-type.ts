/** The match types of the current form. `mqtt` is an extension of this hub. */
export const matchTypes = ["exact", "urlpattern", "mqtt"] as const;
export type MatchType = (typeof matchTypes)[number];

/** True for one of {@link matchTypes}; case-sensitive. */
export function isMatchType(value: unknown): value is MatchType {
  return matchTypes.some((type) => type === value);
}
