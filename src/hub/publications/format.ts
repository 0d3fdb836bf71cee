import type { GapNotice } from "../../protocol.js";
import type { Entry, EventEncoder } from "./entry.js";

/**
 * How one kind of stream writes what the hub has to say. The hub takes the bytes as they are; connections share a
 * cohort only if they share the format.
 */
export interface Format extends EventEncoder {
  /** Part of the cohort's key. */
  readonly name: string;
  /** A retained value; the client's cursor stays. */
  retained(entry: Entry): Buffer;
  /** Moves the client's cursor to this event id and says nothing else. */
  position(id: string): Buffer;
  /** Keeps a quiet stream alive; carries the position too. */
  heartbeat(id: string): Buffer;
  /** Tells the client what is missing before the next event; its cursor moves to `id`. */
  gap(notice: GapNotice, id: string): Buffer;
}
