import type { Option } from "commander";

/** Collects the values of an option that may be given several times. */
export function appended(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}

/** True if an option may be given several times. */
export function isRepeatable({ variadic, parseArg }: Option): boolean {
  return variadic || parseArg === appended;
}
