import pc from "picocolors";
import { pino } from "pino";

import { visibleJson } from "../../base/json/visible-json.js";
import type { LeveledLogger, LogLevel } from "../../base/log.js";
import type { Output } from "./io.js";
import { visible } from "./visible.js";

/**
 * Creates a logger. The logger writes one JSON object per line, for log collectors. On a terminal the logger writes
 * plain lines for people.
 */
export function createLogger(level: LogLevel, output: Output): LeveledLogger {
  const format = output.isTTY === true ? readable : visibleJson;
  const sink = new LimitedOutput(output, format);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: named },
      // An Error has no enumerable properties: without this serializer, the log contains {}.
      serializers: { error: pino.stdSerializers.err },
    },
    sink,
  );
}

/**
 * The limit of bytes that wait for a slow reader of the log: 5,000 lines of 200 bytes. A pipe whose reader is stopped
 * accepts 64 KiB, and Node stores all further lines.
 */
const mostWaitingBytes = 1024 * 1024;

/** Writes formatted lines. While too many bytes wait, drops lines and counts them. */
class LimitedOutput {
  readonly #output: Output;
  readonly #format: (line: string) => string;
  #dropped = 0;

  constructor(output: Output, format: (line: string) => string) {
    this.#output = output;
    this.#format = format;
  }

  write(line: string): void {
    if (this.#output.writableLength > mostWaitingBytes) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) this.#tellDropped();
    this.#output.write(this.#format(line));
  }

  #tellDropped(): void {
    const msg = "log lines were dropped, because their reader was too slow";
    const fields = { level: "warn", time: new Date().toISOString(), lines: this.#dropped, msg };
    this.#dropped = 0;
    this.#output.write(this.#format(`${JSON.stringify(fields)}\n`));
  }
}

function named(label: string): { readonly level: string } {
  return { level: label };
}

const colours: Readonly<Record<string, (text: string) => string>> = {
  debug: pc.dim,
  warn: pc.yellow,
  error: pc.red,
};

function readable(line: string): string {
  const { level, time, msg, ...fields } = parseLine(line);
  const colour = colours[String(level)] ?? pc.green;
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${visible(text(value))}`);
  const clock = String(time).slice(11, 23);
  return `${pc.dim(clock)} ${colour(String(level).padEnd(5))} ${String(msg)}${rest.length === 0 ? "" : pc.dim(` ${rest.join(" ")}`)}\n`;
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  return JSON.parse(line) as Readonly<Record<string, unknown>>;
}

function text(value: unknown): string {
  return typeof value === "string" && !/[\s"]/.test(value) ? value : (JSON.stringify(value) ?? "");
}
