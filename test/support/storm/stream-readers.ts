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
  return transport === "web-socket"
    ? readTexts((text) => take(JSON.parse(text) as Item))
    : readEvents((event) => take(itemOf(event)));
}

/** Reads the text frames of a WebSocket. */
export function readTexts(take: (text: string) => void): ReadBytes {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    let at = 0;
    for (let frame = parseFrame(rest, at); frame !== undefined; frame = parseFrame(rest, at)) {
      at = frame.end;
      if (frame.opcode === 1) take(frame.payload.toString());
    }
    rest = rest.subarray(at);
  };
}

/** Reads the events of an event stream. */
export function readEvents(take: (event: RawEvent) => void): ReadBytes {
  const parser = new EventStreamParser({ onEvent: take });
  return (bytes) => parser.push(bytes.toString("latin1"));
}

/** The item of an event. In streams with topics, only a retained value has the field `retained`. */
export function itemOf({ id = "", type, data, retained }: RawEvent): Item {
  if (data === undefined) return { kind: "position", id };
  if (type === gapEventType) return { kind: "gap", id, ...(JSON.parse(data) as GapNotice) };
  if (retained !== undefined) return { kind: "event", id: retained, data, retained: true };
  return { kind: "event", id, data };
}
