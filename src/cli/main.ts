#!/usr/bin/env node
import "./heap.js";
import "./few-open-files.js";
import { failureText } from "./terminal/failure.js";
import { exitCodes } from "./terminal/io.js";
import { listenForSignals } from "./terminal/signals.js";

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

const { stdin, stdout, stderr } = process;
const signals = listenForSignals(process, {
  hasTerminal: [stdin, stdout, stderr].some(({ isTTY }) => isTTY),
});

let needsOutput = true;

// If the reader of standard output has ended, as in `pharos subscribe | head`, the command ends without an error. A hub
// continues.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (needsOutput) process.exit(error.code === "EPIPE" ? exitCodes.stopped : exitCodes.failed);
});

// A command continues if no program reads its log.
stderr.on("error", () => undefined);

process.on("uncaughtException", (error) => {
  stderr.write(failureText(error, process.env));
  process.exit(exitCodes.failed);
});

const { run } = await import("./program.js");
const code = await run(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  environment: process.env,
  ...signals,
  outlivesOutput: () => void (needsOutput = false),
});
// The process ends by itself when all output is written and all messages are published. A call of `process.exit` here
// would lose unwritten output and unpublished messages.
process.exitCode = code;
stdin.destroy();
setTimeout(() => process.exit(code), signals.interrupted.aborted ? hurryMs : lingerMs).unref();
