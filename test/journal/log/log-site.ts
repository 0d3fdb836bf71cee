import { onTestFinished } from "vitest";
import type { Log, Sequence } from "../../../src/journal/log/log.js";
import { RecordingFollower } from "./recording-follower.js";

/** How a store can break. */
export type Breakage = "full" | "unreachable";

/** One store, and the logs over it. */
export interface LogSite {
  /** Makes a log over the store, not open yet. The test closes each log before it makes the next. */
  create(): Log;
  /** Makes the store refuse writes, until {@link heal}. */
  breakStore(kind: Breakage): void | Promise<void>;
  heal(): void | Promise<void>;
}

export interface LogContract {
  readonly name: string;
  /** Makes a site with an empty store. Use `onTestFinished` to remove the store. */
  readonly site: () => LogSite | Promise<LogSite>;
  /** The kinds of breakage that the site can cause. */
  readonly breakages: readonly Breakage[];
}

export async function open(site: LogSite): Promise<Log> {
  const log = site.create();
  onTestFinished(() => log.close());
  await log.open();
  return log;
}

export async function reopen(log: Log, site: LogSite): Promise<Log> {
  await log.close();
  return open(site);
}

export async function followed(log: Log, after: Sequence = 0): Promise<RecordingFollower> {
  const follower = new RecordingFollower();
  await log.follow(after, follower);
  return follower;
}

export function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `record ${from + index} ${"x".repeat(index % 50)}`);
}

/** Appends all texts without a wait between them. */
export function appendAll(log: Log, all: readonly string[]): Promise<Sequence[]> {
  return Promise.all(all.map((text) => log.append(Buffer.from(text, "latin1"))));
}

export async function* chunksOf(...all: readonly Buffer[]): AsyncIterable<Buffer> {
  for (const chunk of all) yield await Promise.resolve(chunk);
}

export async function collected(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return all;
}
