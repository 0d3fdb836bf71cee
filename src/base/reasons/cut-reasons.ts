/** Why the hub closed a connection, each with its meaning. */
export const cutReasons = {
  address: "The client address has too many connections.",
  age: "The stream reached `--max-stream-age`. The client reconnects.",
  answers: "The client sent messages, but did not accept the answers.",
  body: "The rest of a refused body was too large to be read.",
  connections: "The process has as many connections as its limits allow.",
  descriptors: "Clients use all file descriptors that they may use.",
  "http2-fault":
    "The client of HTTP/2 broke a rule of the protocol, or sent too many frames without a request.",
  "http2-replies": "The client of HTTP/2 did not read the responses to its requests. One request ends.",
  "http2-window": "The client of HTTP/2 did not read streams that used up the window of its connection.",
  disconnected: "An operator disconnected the client with `POST /disconnect`. Polls count, too.",
  expired: "The rights of the client's token ended.",
  revoked: "The client's token was revoked with `POST /revoke`. Polls count, too.",
  pipelining: "The client sent too many requests without waiting for the answers; only behind Mongrel2.",
  "proxy-header": "The header of the PROXY protocol was missing, malformed, late or not allowed.",
  "second-requests": "The client sent too many further requests on the connection of a stream.",
  stalled: "The client accepted no bytes for `limits.stallSeconds`.",
  "stray-frames": "The client sent WebSocket frames without a WebSocket; only behind Mongrel2.",
  vanished: "The client vanished without an end of its connection.",
  workers: "No worker process could accept the connection.",
} as const;
