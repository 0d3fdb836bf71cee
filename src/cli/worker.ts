import "./heap.js";
import { runWorker } from "../app/run-worker.js";
import { failureText } from "./terminal/failure.js";
import { exitCodes } from "./terminal/io.js";
import { createLogger } from "./terminal/log-lines.js";

// Where `pharos serve --workers` starts its processes; nobody else has a channel to speak over.

// Ctrl-C reaches the whole group of processes; the hub tells its workers when to end.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
process.stderr.on("error", () => undefined);

try {
  await runWorker((level) => createLogger(level, process.stderr));
  process.exit(exitCodes.stopped);
} catch (error) {
  // Without the hub there is nobody to serve, and it is the one to say so.
  if (process.connected) process.stderr.write(failureText(error, process.env));
  process.exit(exitCodes.failed);
}
