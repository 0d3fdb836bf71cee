#!/usr/bin/env node
import "./heap.js";
import { failureText } from "./terminal/failure.js";
import { exitCodes } from "./terminal/io.js";
import { run } from "./program.js";

/**
 * The longest time that unsent messages delay the exit, in milliseconds. This time is longer than the linger time of a
 * publisher.
 */
const lingerMs = 6000;

/**
 * The longest delay of the exit after a signal, in milliseconds. It is short, because the user wants the program to
 * end.
 */
const hurryMs = 300;

const interrupted = new AbortController();

// The first signal starts an orderly end. The second signal ends the program at once.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(exitCodes.failed);
    interrupted.abort(signal);
  });

// If the reader of standard output has ended, as in `pharos subscribe | head`, the command ends without an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.stopped : exitCodes.failed);
});

// The hub continues if no program reads its log.
process.stderr.on("error", () => undefined);

process.on("uncaughtException", (error) => {
  process.stderr.write(failureText(error, process.env));
  process.exit(exitCodes.failed);
});

const code = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  interrupted: interrupted.signal,
});
// The process ends by itself when all output is written and all messages are published. A call of `process.exit` here
// would lose unwritten output and unpublished messages.
process.exitCode = code;
process.stdin.destroy();
setTimeout(() => process.exit(code), interrupted.signal.aborted ? hurryMs : lingerMs).unref();
