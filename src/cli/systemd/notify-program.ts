import { spawn } from "node:child_process";

/** The time-out of the program, in milliseconds. It waits up to 5 s until systemd has read its message. */
const withinMs = 10_000;

/** Runs `systemd-notify` with these assignments. Resolves when it has ended; rejects if it cannot be run or fails. */
export type NotifyProgram = (assignments: readonly string[]) => Promise<void>;

/**
 * Node has no Unix datagram sockets, which the protocol of systemd needs [sd_notify(3)]. So the hub runs the program that
 * comes with systemd. The program may outlive the hub.
 *
 * @param environment has `NOTIFY_SOCKET` and `PATH`
 * @param timeoutMs the program is killed after this time
 */
export function systemdNotify(
  environment: Readonly<Record<string, string | undefined>>,
  timeoutMs = withinMs,
): NotifyProgram {
  return (assignments) =>
    new Promise((resolve, reject) => {
      const child = spawn("systemd-notify", [...assignments], {
        env: environment,
        stdio: ["ignore", "ignore", "inherit"],
        timeout: timeoutMs,
        // A program that ignores SIGTERM would keep all later messages back, also those for the watchdog.
        killSignal: "SIGKILL",
      });
      child.once("error", reject);
      child.once("close", (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`systemd-notify ended with ${signal ?? String(code)}`));
      });
      // The end of the hub does not wait for the program.
      child.unref();
    });
}
