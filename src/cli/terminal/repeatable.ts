/** Collects the values of an option that may be given several times. */
export function appended(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}
