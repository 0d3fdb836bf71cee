/**
 * The longest sender in bytes. A sender is usually a UUID of 36 bytes, but a configuration may contain a shorter or
 * slightly longer text.
 */
export const maxSenderBytes = 64;

const senderGrammar = /^[A-Za-z0-9-]{1,64}$/;

/** True for a sender that Mongrel2 accepts: 1 to 64 letters, digits and `-` [its response parser]. */
export function isSender(text: string): boolean {
  return senderGrammar.test(text);
}

/** The largest connection id: Mongrel2 stores ids in 32 bits. */
export const maxConnectionId = 0xffff_ffff;

/** True for a valid connection id, which a response may name. */
export function isConnectionId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= maxConnectionId;
}
