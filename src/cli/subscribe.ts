import { once } from "node:events";

import { subscribe, type ClientEvent } from "../client/index.js";
import { EventPrinter } from "./event-printer.js";
import { exitCodes, type Io } from "./io.js";

export interface SubscribeToOptions {
  readonly url: string;
  readonly filters: readonly string[];
  readonly json: boolean;
  readonly lastEventId?: string | undefined;
}

/**
 * Prints what a stream brings until interrupted, through all restarts of its server.
 *
 * @throws StreamRefusedError when the server will not serve it
 */
export async function subscribeTo(options: SubscribeToOptions, io: Io): Promise<number> {
  const { url, filters, json, lastEventId } = options;
  const printer = new EventPrinter(io, { json });
  const resume = lastEventId === undefined ? {} : { lastEventId };
  try {
    for await (const event of subscribe(url, { filters, signal: io.interrupted, ...resume })) {
      print(event, url, printer);
      // Until a reader of our output has caught up nothing more is read: the hub keeps it, not this process.
      if (io.stdout.writableNeedDrain) await once(io.stdout, "drain");
    }
  } finally {
    printer.close();
  }
  return exitCodes.stopped;
}

function print(event: ClientEvent, url: string, printer: EventPrinter): void {
  if (event.kind === "event") printer.event(event);
  else if (event.kind === "gap") printer.gap(event.notice);
  else printer.connection(event.state, stateSentence(event, url));
}

function stateSentence(event: Extract<ClientEvent, { kind: "state" }>, url: string): string {
  switch (event.state) {
    case "connecting":
      return `Connecting to ${url}.`;
    case "open":
      return "Connected.";
    case "waiting":
      return `Not connected: ${event.reason}. Again in ${(event.delayMs / 1000).toFixed(1)} s.`;
    default:
      return event satisfies never;
  }
}
