/** ZeroMQ receives smaller frames together, in memory blocks of this size. */
const receivedBytes = 8192;

/**
 * Returns bytes for keeping. Small ones are copied, since a view would keep everything that ZeroMQ received with them:
 * 300 bytes that came alone cost 10 KB as a view, and 2.2 KB as a copy.
 */
export function compact(body: Buffer): Buffer {
  return body.length < receivedBytes ? Buffer.from(body) : body;
}
