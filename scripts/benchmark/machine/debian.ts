import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether a command is in PATH. */
export async function hasCommand(command: string): Promise<boolean> {
  return succeeds("sh", ["-c", `command -v ${command}`]);
}

/** The version of an installed Debian package; "unknown" if there is none. */
export async function packageVersion(name: string): Promise<string> {
  try {
    const { stdout } = await run("dpkg-query", ["-W", "-f", "${Version}", name]);
    return stdout;
  } catch {
    return "unknown";
  }
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, args);
    return true;
  } catch {
    return false;
  }
}
