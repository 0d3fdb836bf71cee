import type { Dialogue } from "../http/messages.js";

/** The kinds of data frames [RFC 6455 5.6]. */
export type MessageKind = "text" | "binary";

/** The kinds of messages that a dialogue accepts. */
export function kindsOf(dialogue: Dialogue): readonly MessageKind[] {
  const kinds: MessageKind[] = [];
  if (dialogue.onText !== undefined) kinds.push("text");
  if (dialogue.onBytes !== undefined) kinds.push("binary");
  return kinds;
}

/** The reason in the close frame after a message of another kind. */
export function otherKindReason(kinds: readonly MessageKind[], given: MessageKind): string {
  return `messages must be ${kinds.join(" or ")}, not ${given}`;
}
