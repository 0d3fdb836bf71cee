import { once } from "node:events";

import { connect, type ConnectionState, type LiveItem } from "../../client/index.js";
import { EventPrinter } from "../terminal/event-printer.js";
import { exitCodes, type Io } from "../terminal/io.js";
import { checkFilters } from "./check-filters.js";
import { tokenOf } from "./token-source.js";

export interface SubscribeToOptions {
  readonly url: string;
  readonly filters: readonly string[];
  /** A file with a token. The library reads it again when the token expires. @default the variable `PHAROS_TOKEN` */
  readonly tokenFile?: string | undefined;
  readonly json: boolean;
  readonly lastEventId?: string | undefined;
  /** The number of events after which the command ends. Gaps do not count. @default no end */
  readonly count?: number | undefined;
}

/**
 * Prints the events of a stream until interrupted, or until `count` events are printed. The command reconnects when the server restarts.
 *
 * @throws PharosError `bad-filter` before the command connects
 * @throws StreamRefusedError when the server refuses the stream
 * @throws PharosError `bad-config` when the token cannot be read
 */
export async function subscribeTo(options: SubscribeToOptions, io: Io): Promise<number> {
  const { url, filters, tokenFile, json, lastEventId, count = Number.POSITIVE_INFINITY } = options;
  checkFilters(filters);
  const token = tokenOf(tokenFile, io);
  const printer = new EventPrinter(io, { json });
  const live = connect(url, {
    transport: "event-stream",
    signal: io.interrupted,
    ...(token === undefined ? {} : { token: tokenFile === undefined ? token : () => tokenOf(tokenFile, io) }),
    ...(filters.length === 0 ? {} : { filters }),
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  live.on("state", (state) => printState(state, url, printer));
  let printed = 0;
  try {
    for await (const item of live) {
      print(item, printer);
      if (item.kind === "event") printed += 1;
      if (printed >= count) break;
      // If the reader of standard output is slow, the command stops reading the stream. The unread events then wait in
      // the hub, and use no memory of this process.
      if (io.stdout.writableNeedDrain) await once(io.stdout, "drain");
    }
  } finally {
    live.close();
    printer.close();
  }
  return exitCodes.stopped;
}

function print(item: LiveItem, printer: EventPrinter): void {
  if (item.kind === "event") printer.event({ ...item, type: item.type ?? "message" });
  else printer.gap({ reason: item.reason, topics: item.topics, more: item.more });
}

function printState(state: ConnectionState, url: string, printer: EventPrinter): void {
  switch (state.kind) {
    case "connecting":
      return printer.connection(state.kind, `Connecting to ${url}.`);
    case "open":
      return printer.connection(state.kind, "Connected.");
    case "waiting": {
      const seconds = (state.delayMs / 1000).toFixed(1);
      return printer.connection(state.kind, `Not connected: ${state.reason}. Retrying in ${seconds} s.`);
    }
    case "idle":
    case "closed":
      return undefined;
    default:
      return state satisfies never;
  }
}
