import { readFile } from "node:fs/promises";
import { z } from "zod";
import { faultNames } from "../load/load-answers.js";
import type { Report } from "./report.js";

const numbers = z.record(z.string(), z.number());
const spreads = z.record(z.string(), z.object({ median: z.number(), min: z.number(), max: z.number() }));
const texts = z.array(z.string());

const turn = z.object({
  figures: numbers,
  faults: z.record(z.enum(faultNames), z.number()).optional(),
  cores: numbers.optional(),
  once: z.boolean().optional(),
  notes: texts.optional(),
});

const result = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("measured"),
    candidate: z.string(),
    figures: spreads,
    faults: z.partialRecord(z.enum(faultNames), z.number()),
    cores: spreads,
    notes: texts,
    turns: z.array(turn),
    failures: texts,
  }),
  z.object({ kind: z.literal("not-measured"), candidate: z.string(), reason: z.string() }),
]);

const figure = z.object({ title: z.string(), unit: z.string(), better: z.enum(["more", "less"]) });

const scenario = z.object({
  name: z.string(),
  title: z.string(),
  point: z.object({ curve: z.string(), title: z.string(), x: z.number() }).optional(),
  figures: z.record(z.string(), figure),
  results: z.array(result),
});

const named = { name: z.string(), title: z.string() };
const candidate = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("present"), ...named, version: z.string(), settings: texts }),
  z.object({ kind: z.literal("left-out"), ...named, reason: z.string() }),
]);

const comparison = z.object({
  scenario: z.string(),
  figure: z.string(),
  unit: z.string(),
  better: z.enum(["more", "less"]),
  base: z.number(),
  current: z.number(),
  ratio: z.number(),
});

const report = z.object({
  schema: z.literal(2),
  kind: z.enum(["default", "quick", "scale", "curves", "compare"]),
  finished: z.boolean(),
  startedAt: z.string(),
  seconds: z.number(),
  turns: z.number(),
  payloadBytes: z.number(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryGib: z.number(),
    kernel: z.string(),
    node: z.string(),
    loadBefore: z.number(),
  }),
  candidates: z.array(candidate),
  scenarios: z.array(scenario),
  comparisons: z.array(comparison).optional(),
});

/**
 * Parses the text that `--json` wrote. If the text is not a report, the function throws an error that names the invalid
 * field.
 */
export function parseReport(text: string): Report {
  return report.parse(JSON.parse(text));
}

/** Reads a file that `--json` wrote. Rejects if the file is not a report. */
export async function readReport(path: string): Promise<Report> {
  try {
    return parseReport(await readFile(path, "utf8"));
  } catch (error) {
    throw new Error(
      `${path} is not a report of this benchmark: ${error instanceof Error ? error.message : ""}`,
      {
        cause: error,
      },
    );
  }
}
