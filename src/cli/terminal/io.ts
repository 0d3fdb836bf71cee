import type { Readable, Writable } from "node:stream";

/** The environment of a command. Tests can replace it. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user or the system asks the command to end. */
  readonly interrupted: AbortSignal;
  /** Aborts {@link interrupted}, as a signal does. */
  readonly interrupt: (reason: string) => void;
  /** Sets the action for a request to read the keys again. @default none */
  readonly onReload: (action: () => void) => void;
  /** Call this if the command must continue when its standard output is gone. */
  readonly outlivesOutput: () => void;
}

export type Output = Writable & { readonly isTTY?: boolean | undefined };

/** The exit codes. Scripts depend on these codes. */
export const exitCodes = Object.freeze({ stopped: 0, failed: 1, badUsage: 2 });

/** Resolves when one of the signals is aborted, with the reason of that signal. */
export async function aborted(...signals: readonly AbortSignal[]): Promise<string> {
  const any = AbortSignal.any([...signals]);
  if (!any.aborted) await new Promise((resolve) => any.addEventListener("abort", resolve, { once: true }));
  return String(any.reason);
}
