import type { GapNotice } from "../../protocol.js";
import type { Entry, EventEncoder } from "./entry.js";

/** Writes events for one kind of stream. Connections share a cohort only if they share the format. */
export interface Format extends EventEncoder {
  /** Part of the cohort's key. */
  readonly name: string;
  /** Writes a retained value, which leaves the client's cursor where it is. */
  retained(entry: Entry): Buffer;
  /** Moves the client's cursor to this event id without an event. */
  position(id: string): Buffer;
  /** Keeps a quiet stream alive. It carries the position too. A format that needs no heartbeat returns no bytes. */
  heartbeat(id: string): Buffer;
  /** Reports to the client the events that are missing before the next one, and moves its cursor to `id`. */
  gap(notice: GapNotice, id: string): Buffer;
}
