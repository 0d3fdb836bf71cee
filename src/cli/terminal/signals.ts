import { exitCodes } from "./io.js";

/** The parts of Node's `process` that {@link listenForSignals} uses. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(code: number): void;
}

/** The signals of one command. */
export interface Signals {
  /** Aborted by the first signal that asks the command to end. */
  readonly interrupted: AbortSignal;
  /** Asks the command to end, as a signal does; a signal after that ends the process at once. */
  readonly interrupt: (reason: string) => void;
  /** Sets the action for SIGHUP without a terminal. @default none */
  readonly onReload: (action: () => void) => void;
}

/**
 * Handles the signals of this process:
 * - SIGINT and SIGTERM start an orderly end. A second one ends the process at once.
 * - SIGHUP on a terminal starts an orderly end, because the terminal is closed. The system may send it twice.
 * - SIGHUP without a terminal asks a hub to load its configuration again, as service managers expect. Nohup removes the
 *   terminal from all three standard streams. The disposition of the signal itself cannot show nohup, because Node
 *   resets ignored signals when it starts.
 * - SIGUSR1 and SIGUSR2 have no effect. Without a listener, SIGUSR1 opens Node's inspector and SIGUSR2 ends the process.
 */
export function listenForSignals(source: SignalSource, options: { readonly hasTerminal: boolean }): Signals {
  const interrupted = new AbortController();
  let reload: () => void = () => undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    source.on(signal, () => {
      if (interrupted.signal.aborted) source.exit(exitCodes.failed);
      interrupted.abort(signal);
    });
  source.on("SIGHUP", () => {
    if (options.hasTerminal) interrupted.abort("SIGHUP");
    else reload();
  });
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) source.on(signal, () => undefined);
  const interrupt = (reason: string): void => interrupted.abort(reason);
  return { interrupted: interrupted.signal, interrupt, onReload: (action) => void (reload = action) };
}
