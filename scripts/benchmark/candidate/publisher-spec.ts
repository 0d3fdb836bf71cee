/** The server's own way to publish. `{stream}` stands for the number of the topic. */
export type PublisherSpec =
  /** Two frames over ZeroMQ: topic, data. */
  | { readonly kind: "pharos"; readonly endpoint: string; readonly topic: string }
  /** One frame of JSON over ZeroMQ. */
  | { readonly kind: "pushpin"; readonly endpoint: string; readonly channel: string }
  /** One POST for each publication, pipelined on one connection. */
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  /** One line `STREAM PAYLOAD` for each publication over TCP, to the server's own process. */
  | { readonly kind: "lines"; readonly port: number }
  /** Whole events over TCP, in exactly the bytes that clients receive. */
  | { readonly kind: "events"; readonly port: number };
