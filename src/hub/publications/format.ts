import type { GapNotice } from "../../protocol.js";
import type { Entry, EventEncoder } from "./entry.js";
import type { Offset } from "./position.js";

/** Writes events for one kind of stream. Connections share a cohort only if they share the format. */
export interface Format extends EventEncoder {
  /** Part of the cohort's key. */
  readonly name: string;
  /**
   * Writes a retained value. The value never moves the client's cursor beyond `reached`, the offset up to which the
   * client has everything: otherwise a client that resumes from the value would miss the events before it.
   */
  retained(entry: Entry, reached: Offset): Buffer;
  /** Writes bytes that move the client's cursor to this event id without an event. */
  position(id: string): Buffer;
  /**
   * Writes a heartbeat, which keeps a quiet stream alive and contains the position. A format that needs no heartbeat
   * returns no bytes.
   */
  heartbeat(id: string): Buffer;
  /**
   * Tells the client the time after which it reconnects, in whole milliseconds. @default the format has no such time
   */
  retry?(ms: number): Buffer;
  /**
   * Writes a gap event. The gap event reports the events that are missing before the next event, and moves the client's
   * cursor to `id`.
   */
  gap(notice: GapNotice, id: string): Buffer;
}
