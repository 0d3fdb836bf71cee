import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs promtool of the package `prometheus`, and returns what it prints. Rejects if it finds a fault. */
export async function promtool(args: readonly string[], input = ""): Promise<string> {
  const child = spawn("promtool", args, { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`promtool ${args.join(" ")} ended with ${code}:\n${output}`);
  return output;
}
