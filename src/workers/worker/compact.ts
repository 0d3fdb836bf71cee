/** Smaller ones lie in a piece of memory of this size that they came in with others. */
const receivedBytes = 8192;

/**
 * Bytes that are to be kept: small ones are copied, since a small frame holds all of what ZeroMQ received with it. 300
 * bytes that came alone cost 10 KB as they were, and 2.2 KB copied.
 */
export function compact(body: Buffer): Buffer {
  return body.length < receivedBytes ? Buffer.from(body) : body;
}
