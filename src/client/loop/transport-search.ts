import { silentHeartbeats, type OpenStream } from "../transports/transport.js";
import { startTimer } from "../transports/timer.js";
import { wait } from "../transports/wait.js";
import type { TransportChoice } from "./transport-choice.js";

/** The wait before the first test of the candidates, and before each later one, in milliseconds. */
const pauseMs = Object.freeze({ first: 30_000, later: 60_000 });

/**
 * The time-out for opening a stream, in milliseconds. After the loss of a stream, a client first waits up to 7.5 s (the
 * hub's `--retry` and half of it). Behind a new proxy that holds streams, the client then still receives by another
 * transport within 15 s.
 */
export const reopenTimeoutMs = 6000;

/** A search for a better transport while a stream of another transport is open. */
export interface TransportSearch {
  readonly choice: TransportChoice;
  /** Opens a stream with the parameters of the open stream. */
  readonly open: (transport: number, signal: AbortSignal) => Promise<OpenStream>;
  /** Ends the search. */
  readonly signal: AbortSignal;
}

/**
 * Tests the better transports about once a minute, until one works. The next round of attempts then begins with this
 * transport, and the function calls `onBetter`. The open stream is read meanwhile, so a failed test
 * delays no event.
 */
export async function searchBetter(search: TransportSearch, onBetter: () => void): Promise<void> {
  const { choice, signal } = search;
  const candidates = choice.better();
  if (candidates.length === 0) return;
  for (let delayMs: number = pauseMs.first; ; delayMs = pauseMs.later) {
    // A random part, because all clients behind one proxy may have changed their transport at the same moment.
    await wait(delayMs * (0.8 + Math.random() / 5), signal);
    for (const candidate of candidates) {
      if (signal.aborted) return;
      if (!(await works(search, candidate))) continue;
      if (signal.aborted) return;
      choice.prefer(candidate);
      return onBetter();
    }
  }
}

async function works({ open, choice, signal }: TransportSearch, candidate: number): Promise<boolean> {
  const test = new AbortController();
  const end = (): void => test.abort();
  signal.addEventListener("abort", end);
  const stopTimer = startTimer(reopenTimeoutMs, end);
  try {
    const stream = await beforeAbort(open(candidate, test.signal), test.signal);
    stopTimer();
    return choice.trustIn(candidate) !== "suspect" || (await isAlive(stream, end));
  } catch {
    return false;
  } finally {
    stopTimer();
    signal.removeEventListener("abort", end);
    end();
  }
}

/**
 * Waits for data at least half a heartbeat after the first data: a server that holds streams back may forward only the
 * first data.
 */
async function isAlive({ next }: OpenStream, end: () => void): Promise<boolean> {
  const first = await next();
  if (first.kind === "end") return false;
  const { heartbeatMs = 0 } = first;
  const startedAtMs = Date.now();
  const stopTimer = startTimer(heartbeatMs * silentHeartbeats, end);
  try {
    for (;;) {
      if ((await next()).kind === "end") return false;
      if (Date.now() - startedAtMs >= heartbeatMs / 2) return true;
    }
  } finally {
    stopTimer();
  }
}

function beforeAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the test was ended")));
  });
  return Promise.race([promise, aborted]);
}
