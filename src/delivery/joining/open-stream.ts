/** The reasons for which the hub closes a stream in order. */
export type EndReason =
  /** The hub stops. */
  | "stopping"
  /** The stream has reached the longest age. */
  | "aged"
  /** The stream's rights have expired. */
  | "expired"
  /** An operator disconnected the client. */
  | "disconnected"
  /** The stream's token was revoked. */
  | "revoked"
  /** The topic that the stream follows was deleted. */
  | "deleted"
  /** The client sent a message that is not allowed. */
  | "misused"
  /** The client asked for the end. */
  | "requested";

/**
 * The reason for the end of a stream: an {@link EndReason}, or one of these.
 * - `left`: the client ended the connection, or its connection broke
 * - `stalled`: the client accepted no bytes for too long
 * - `answers`: the client sent messages, but did not accept the answers
 * - `vanished`: the client vanished without an end of its connection
 * - `server`: the process or the server that had the client's connection has ended
 */
export type LeaveReason = EndReason | "left" | "stalled" | "answers" | "vanished" | "server";

/** Called once, when the stream has ended. */
export type StreamEnded = (reason: LeaveReason) => void;

/**
 * Ends a stream. Without `last`, its client may not have it any more: a slow client does not get what is not written yet.
 * With `last`, a message in the stream's format, the client gets everything that is being written, and then the message.
 * Has no effect if the stream has ended. Do not call this before {@link StreamOpened} has returned.
 */
export type EndStream = (reason: EndReason, last?: Buffer) => void;

/** Called when a stream opens. */
export type StreamOpened = (end: EndStream) => StreamEnded;
