import { aborted, exitCodes, type Io } from "./io.js";

/**
 * Runs a command that changes nothing, until it ends or the user presses Ctrl-C. Then the command ends without an error,
 * and does not wait for its work.
 */
export async function untilInterrupted({ interrupted }: Io, work: () => Promise<number>): Promise<number> {
  return Promise.race([work(), aborted(interrupted).then(() => exitCodes.stopped)]);
}
