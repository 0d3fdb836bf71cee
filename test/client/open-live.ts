import { onTestFinished } from "vitest";

import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  type Live,
  type LiveItem,
} from "../../src/client/index.js";
import { before } from "../support/wait-for.js";

/** Opens a connection and records its states. The function closes the connection after the test. */
export function open(url: string, options: ConnectOptions = {}): { live: Live; states: ConnectionState[] } {
  const live = connect(url, options);
  onTestFinished(() => live.close());
  const states: ConnectionState[] = [];
  live.on("state", (state) => states.push(state));
  return { live, states };
}

/** Reads the next `count` items. */
export async function take(live: Live, count: number): Promise<LiveItem[]> {
  const taken: LiveItem[] = [];
  const taking = (async () => {
    for await (const item of live) if (taken.push(item) >= count) return;
  })();
  const missing = (): string => `${count} items; there are ${JSON.stringify(taken)}`;
  await before(taking, { within: 30_000, missing });
  return taken;
}

export const kinds = (states: readonly ConnectionState[]): string[] => states.map(({ kind }) => kind);
export const data = (items: readonly LiveItem[]): string[] =>
  items.flatMap((item) => (item.kind === "event" ? [item.data] : []));
