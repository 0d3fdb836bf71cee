import pc from "picocolors";
import { pino } from "pino";

import type { Logger, LogLevel } from "../../base/log.js";
import type { Output } from "./io.js";
import { visible, visibleJson } from "./visible.js";

/**
 * Creates a logger. The logger writes one JSON object per line, for log collectors. On a terminal the logger writes
 * plain lines for people.
 */
export function createLogger(level: LogLevel, output: Output): Logger {
  const sink =
    output.isTTY === true
      ? { write: (line: string) => void output.write(readable(line)) }
      : { write: (line: string) => void output.write(visibleJson(line)) };
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
