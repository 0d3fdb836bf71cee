import * as fc from "fast-check";

/** A change that an attacker without the key can make to a token. */
export interface Mutation {
  readonly kind: "replace" | "insert" | "delete" | "cut" | "swap";
  readonly at: number;
  readonly text: string;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom("replace", "insert", "delete", "cut", "swap"),
  at: fc.nat(),
  text: fc.string({ minLength: 1, maxLength: 3 }),
});

/** The token after the mutation. The mutation may leave the token unchanged. */
export function mutate(token: string, { kind, at, text }: Mutation): string {
  const place = at % token.length;
  const [before, after] = [token.slice(0, place), token.slice(place)];
  switch (kind) {
    case "replace":
      return before + text + after.slice(text.length);
    case "insert":
      return before + text + after;
    case "delete":
      return before + after.slice(1);
    case "cut":
      return before;
    case "swap":
      return after + before;
    default:
      return kind satisfies never;
  }
}
