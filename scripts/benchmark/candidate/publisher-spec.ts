/** How to publish to a server in its native way; `{stream}` is the number of the topic. */
export type PublisherSpec =
  /** Two frames over ZeroMQ: topic, data. */
  | { readonly kind: "pharos"; readonly endpoint: string; readonly topic: string }
  /** One frame of JSON over ZeroMQ. */
  | { readonly kind: "pushpin"; readonly endpoint: string; readonly channel: string }
  /** One POST for each publication, pipelined on one connection. */
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  /** One line `STREAM PAYLOAD` for each publication over TCP, to the server's own process. */
  | { readonly kind: "lines"; readonly port: number }
  /** Whole events over TCP, in the bytes that clients get. */
  | { readonly kind: "events"; readonly port: number };
