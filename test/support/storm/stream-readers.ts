import type { GapNotice } from "../../../src/protocol.js";
import { gapEventType } from "../../../src/protocol.js";
import { EventStreamParser } from "../../../src/sse/parse.js";
import type { RawEvent } from "../../../src/sse/parse.js";
import { parseFrame } from "../web-socket.js";

export type Transport = "web-socket" | "event-stream";

/** What a client reads from its stream, the same for all transports. */
export type Item =
  | { readonly kind: "open"; readonly filters: readonly string[] }
  | { readonly kind: "event"; readonly id: string; readonly data: string; readonly retained?: true }
  | { readonly kind: "position"; readonly id: string }
  | ({ readonly kind: "gap"; readonly id: string } & GapNotice)
  | { readonly kind: "filters"; readonly filters: readonly string[]; readonly request: number }
  | { readonly kind: "renewed" | "refused"; readonly request: number };

/** Reads the bytes behind a response head, in pieces of any size. */
export type ReadBytes = (bytes: Buffer) => void;

/** @param take called for each item, in order */
export function createReader(transport: Transport, take: (item: Item) => void): ReadBytes {
  return transport === "web-socket" ? readFrames(take) : readEvents(take);
}

function readFrames(take: (item: Item) => void): ReadBytes {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    let at = 0;
    for (let frame = parseFrame(rest, at); frame !== undefined; frame = parseFrame(rest, at)) {
      at = frame.end;
      if (frame.opcode === 1) take(JSON.parse(frame.payload.toString()) as Item);
    }
    rest = rest.subarray(at);
  };
}

function readEvents(take: (item: Item) => void): ReadBytes {
  const parser = new EventStreamParser({ onEvent: (event) => take(itemOf(event)) });
  return (bytes) => parser.push(bytes.toString("latin1"));
}

function itemOf({ id = "", type, data, retained }: RawEvent): Item {
  if (data === undefined) return { kind: "position", id };
  if (type === gapEventType) return { kind: "gap", id, ...(JSON.parse(data) as GapNotice) };
  if (retained !== undefined) return { kind: "event", id: retained, data, retained: true };
  return { kind: "event", id, data };
}
