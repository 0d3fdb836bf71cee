#!/usr/bin/env node
import "./heap.js";
import { failureText } from "./terminal/failure.js";
import { exitCodes } from "./terminal/io.js";
import { run } from "./program.js";

/** How long what is on its way may hold up the end, in milliseconds: more than a publisher lingers. */
const lingerMs = 6000;

/** The same after a signal: whoever sent it wants the end, not the last message. */
const hurryMs = 300;

const interrupted = new AbortController();

// The first asks for an orderly end; whoever asks again does not want to wait for it.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(exitCodes.failed);
    interrupted.abort(signal);
  });

// A reader that has gone, as in `pharos subscribe | head`, is the end of the work and no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.stopped : exitCodes.failed);
});

// Nor does a hub end because nobody reads its log any more.
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
// The process ends by itself once what was written and published is on its way: an exit here would cut that.
process.exitCode = code;
process.stdin.destroy();
setTimeout(() => process.exit(code), interrupted.signal.aborted ? hurryMs : lingerMs).unref();
