/** Collects the values of an option that may be given several times. */
export function appended(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}

/** True if an option may be given several times. */
export function isRepeatable({ variadic, parseArg }: DeclaredOption): boolean {
  return variadic || parseArg === appended;
}

/** The members of commander's options that say whether an option is repeatable. */
interface DeclaredOption {
  readonly variadic: boolean;
  readonly parseArg?: unknown;
}
