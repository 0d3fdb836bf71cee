import type { Headers, Reply } from "./messages.js";

const empty = Buffer.alloc(0);

/** Caches must not keep answers, and browsers must not guess their type. */
const plainHeaders: Headers = [
  ["Cache-Control", "no-store"],
  ["X-Content-Type-Options", "nosniff"],
];

/** A JSON answer. */
export function jsonReply(status: number, body: unknown, headers: Headers = []): Reply {
  return textReply({ status, type: "application/json", text: `${JSON.stringify(body)}\n`, headers });
}

/** An answer without a body. */
export function emptyReply(status: number, headers: Headers = []): Reply {
  return {
    kind: "reply",
    status,
    headers: [...plainHeaders, ...headers],
    contentLength: undefined,
    body: empty,
  };
}

/** 304: the client has the answer already. The headers are those of the answer, without the ones of its body. */
export function notModifiedReply(headers: Headers): Reply {
  return { kind: "reply", status: 304, headers, contentLength: undefined, body: empty };
}

/** An answer of text. */
export function textReply(reply: {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Headers;
}): Reply {
  return bytesReply({ ...reply, body: Buffer.from(reply.text) });
}

/** An answer of bytes. Several answers may share them. */
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
