import "./heap.js";
import "./few-open-files.js";
import { failureText } from "./terminal/failure.js";
import { exitCodes } from "./terminal/io.js";

// The entry of a worker process, which `pharos serve --workers` starts. Without the IPC channel of the hub, the process
// ends.

// Ctrl-C and the end of a terminal send a signal to the whole process group. Workers ignore signals, because the hub
// stops them.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const)
  process.on(signal, () => undefined);
process.stderr.on("error", () => undefined);
process.stdout.on("error", () => undefined);

try {
  const { runWorker } = await import("../app/run-worker.js");
  const { createLogger } = await import("./terminal/log-lines.js");
  await runWorker((level) => createLogger(level, process.stderr), process.stdout);
  process.exit(exitCodes.stopped);
} catch (error) {
  // If the channel is closed, the hub has ended and has already reported the reason.
  if (process.connected) process.stderr.write(failureText(error, process.env));
  process.exit(exitCodes.failed);
}
