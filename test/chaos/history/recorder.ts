import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { History, Step, Subscriber } from "./steps.js";

type WithoutTime<S> = S extends unknown ? Omit<S, "atMs"> : never;

/** Records a run. */
export class Recorder implements History {
  readonly subscribers: Subscriber[] = [];
  readonly steps: Step[] = [];
  readonly #beganMs = performance.now();
  /** The same text arrives at many clients: one copy is enough. */
  readonly #texts = new Map<string, string>();

  /** Milliseconds since the start of the run. */
  get nowMs(): number {
    return performance.now() - this.#beganMs;
  }

  record(step: WithoutTime<Step>): void {
    this.steps.push({ ...step, atMs: this.nowMs });
  }

  received(subscriber: string, { id, data }: { readonly id: string; readonly data: string }): void {
    this.record({ kind: "received", subscriber, id: this.#once(id), data: this.#once(data) });
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

/** Writes a history to a folder: `subscribers.json`, and `steps.ndjson` with one step a line. */
export async function saveHistory({ subscribers, steps }: History, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "subscribers.json"), JSON.stringify(subscribers, null, 1));
  await pipeline(Readable.from(linesOf(steps)), createWriteStream(join(folder, "steps.ndjson")));
}

function* linesOf(steps: readonly Step[]): Generator<string> {
  for (const { atMs, ...step } of steps)
    yield `${JSON.stringify({ ms: Math.round(atMs * 10) / 10, ...step })}\n`;
}
