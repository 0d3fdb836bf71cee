import type { MessageKind } from "./message-kinds.js";

/** One step of what a WebSocket client sent. Payloads are unmasked, and may be part of a larger buffer. */
export type ClientFrame =
  /** A whole message, joined from its fragments. Text is valid UTF-8. */
  | { readonly kind: MessageKind; readonly payload: Buffer }
  | { readonly kind: "ping"; readonly payload: Buffer }
  /** A pong, or a part of a message. It needs no action, but time. */
  | { readonly kind: "part" }
  /**
   * The client's close frame, the end of its connection, or a fault. No frame follows. `lastFrame` is the close frame
   * for the client.
   */
  | { readonly kind: "end"; readonly lastFrame: Buffer };
