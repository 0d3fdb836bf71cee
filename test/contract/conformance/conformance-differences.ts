import { holdsConnections, type FrontName } from "../differences.js";

/** The outcomes of the cases that a server in front of the hub hides, by the name of the case. */
export function differencesOf(front: FrontName): ReadonlyMap<string, readonly string[]> {
  return holdsConnections(front) ? new Map() : mongrel2;
}

/** The names of cases, and what the client receives from Mongrel2 instead. docs/operating/mongrel2.md has a summary. */
const groups: readonly (readonly [outcome: string, names: readonly string[]])[] = [
  // Mongrel2 finds these faults itself, and closes the connection without a close frame.
  [
    "closed",
    [
      "text that announces 9223372036854775807 bytes",
      "text that announces 9007199254740992 bytes",
      "text that announces 2147483647 bytes",
      "text that announces 4294967296 bytes",
      "a length with its first bit set",
      "continuation with the reserved bits 3",
      "continuation with the reserved bits 1",
      "continuation with the reserved bits 7",
      "continuation with the reserved bits 6",
      "continuation with the reserved bits 5",
      "continuation with the reserved bits 4",
      "continuation with the reserved bits 2",
      "opcode 14, not final",
      "opcode 12, not final",
      "opcode 11, not final",
      "opcode 15, not final",
      "opcode 13, not final",
      "continuation without a mask",
      "text without a mask",
      "pong without a mask",
      "ping without a mask",
      "close without a mask",
      "binary without a mask",
      "a close of 126 bytes",
      "a pong that is not final",
      "a pong of 126 bytes",
      "a ping that is not final",
      "a ping of 126 bytes",
      "a close that is not final",
      "a text between fragments",
      "a fragment after a whole message",
      "a fragment without a first",
      "a last fragment without a first",
      "a first fragment between fragments",
      "bytes between fragments",
      "a close with a reason of 124 bytes",
    ],
  ],
  // Mongrel2 accepts a length in a longer form, and drops the reserved bits of later fragments. The hub gets the message.
  [
    "refused",
    [
      "a length of 125 in 2 bytes",
      "a length of 0 in 8 bytes",
      "a length of 125 in 8 bytes",
      "a length of 126 in 8 bytes",
      "a length of 0 in 2 bytes",
      "a length of 1 in 2 bytes",
      "a length of 65535 in 8 bytes",
      "reserved bits of a later fragment",
    ],
  ],
  // Mongrel2 waits for the other fragments, and then closes the connection without a close frame.
  [
    "a further message: closed",
    [
      "opcode 3, not final",
      "opcode 6, not final",
      "opcode 5, not final",
      "opcode 7, not final",
      "opcode 4, not final",
    ],
  ],
  // Mongrel2 treats this as a request without a handshake.
  ["400", ["Upgrade: h2c, websocket"]],
  // Mongrel2 hides the method of a handshake.
  ["101", ["POST", "PUT", "HEAD"]],
];

const mongrel2: ReadonlyMap<string, readonly string[]> = new Map(
  groups.flatMap(([outcome, names]) => names.map((name) => [name, [outcome]] as const)),
);
