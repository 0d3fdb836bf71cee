/** Longest sender uuid that is accepted, in bytes. A uuid has 36; a configuration may say less or a little more. */
export const maxSenderBytes = 64;

const senderGrammar = /^[A-Za-z0-9-]{1,64}$/;

/** True for what Mongrel2 itself takes as a sender: letters, digits and `-` [its response parser], 1 to 64 of them. */
export function isSender(text: string): boolean {
  return senderGrammar.test(text);
}

/** Largest connection id: Mongrel2 keeps it in 32 bits. */
export const maxConnectionId = 0xffff_ffff;

/** True for an id that a response may name. */
export function isConnectionId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= maxConnectionId;
}
