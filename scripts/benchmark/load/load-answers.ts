import { z } from "zod";

const count = z.number().int().nonnegative();

/** The faults. `closed` counts clients; all other fields count events. */
const faults = {
  missed: count,
  repeated: count,
  disordered: count,
  foreign: count,
  corrupt: count,
  closed: count,
};

const report = z.object({
  answer: z.literal("report"),
  ...faults,
  atMicros: count,
  open: count,
  events: count,
  bytes: count,
  reads: count,
  lowest: count,
  highest: count,
  cpuMicros: count,
  delays: z.array(z.tuple([count, count])),
});

const wait = z.object({
  answer: z.enum(["open", "await", "reconnect"]),
  open: count,
  refused: count,
  lastStatus: count,
  behind: count,
  micros: count,
  openMicros: count,
});

const done = z.object({ answer: z.enum(["reset", "drop"]) });
const answer = z.discriminatedUnion("answer", [report, wait, done]);

export type LoadReport = z.infer<typeof report>;
export type WaitAnswer = z.infer<typeof wait>;
export type LoadAnswer = z.infer<typeof answer>;
export type FaultName = keyof typeof faults;

export const faultNames = Object.freeze(Object.keys(faults)) as readonly FaultName[];

/** Parses one line of the load generator. Throws if the line is not an answer. */
export function parseLoadAnswer(line: string): LoadAnswer {
  return answer.parse(JSON.parse(line));
}
