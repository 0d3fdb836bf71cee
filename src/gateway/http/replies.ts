import type { Headers, Reply } from "./messages.js";

const empty = Buffer.alloc(0);

/** With these headers, caches do not store the response, and browsers do not guess its type. */
const plainHeaders: Headers = [
  ["Cache-Control", "no-store"],
  ["X-Content-Type-Options", "nosniff"],
];

/** A JSON response. */
export function jsonReply(status: number, body: unknown, headers: Headers = []): Reply {
  return textReply({ status, type: "application/json", text: `${JSON.stringify(body)}\n`, headers });
}

/** A response without a body. */
export function emptyReply(status: number, headers: Headers = []): Reply {
  return {
    kind: "reply",
    status,
    headers: [...plainHeaders, ...headers],
    contentLength: undefined,
    body: empty,
  };
}

/**
 * A 304 response: the client has the current version already. `headers` are the headers of the full response, without
 * those that describe its body.
 */
export function notModifiedReply(headers: Headers): Reply {
  return { kind: "reply", status: 304, headers, contentLength: undefined, body: empty };
}

/** A text response. */
export function textReply(reply: {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Headers;
}): Reply {
  return bytesReply({ ...reply, body: Buffer.from(reply.text) });
}

/** A response with a body of bytes. Several responses may share the bytes. */
export function bytesReply(reply: {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  readonly headers: Headers;
}): Reply {
  const { status, body } = reply;
  const headers: Headers = [["Content-Type", reply.type], ...plainHeaders, ...reply.headers];
  return { kind: "reply", status, headers, contentLength: body.length, body };
}
