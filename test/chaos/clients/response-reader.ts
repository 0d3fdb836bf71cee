import { withoutChunks } from "../../support/chunk-reader.js";
import type { ReadBytes } from "../../support/storm/stream-readers.js";

/**
 * Reads a response in pieces of any size.
 *
 * @param begin called with the head; returns the reader of the body, or undefined if the client ignores the body
 */
export function responseReader(begin: (head: string) => ReadBytes | undefined): ReadBytes {
  let start = Buffer.alloc(0);
  let read: ReadBytes | undefined;
  return (bytes) => {
    if (read !== undefined) return read(bytes);
    start = Buffer.concat([start, bytes]);
    const end = start.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = start.toString("latin1", 0, end);
    const body = begin(head);
    read = body === undefined ? () => undefined : withoutChunks(head, body);
    read(start.subarray(end + 4));
  };
}
