import { visibleJson } from "../base/json/visible-json.js";
import { rememberLast } from "../base/live/remember-last.js";
import type { GatewayRequest } from "../gateway/http/messages.js";
import type { ClientScheme } from "../gateway/http/client/client-scheme.js";
import { withoutSecrets } from "./secret-query.js";

/** The status in the log if the client left before the response. No client gets it; nginx logs it, too. */
export const clientLeft = 499;

/** The parts of a request that the access log uses. */
export type LoggedRequest = Pick<
  GatewayRequest,
  "method" | "version" | "path" | "query" | "header" | "peer" | "front" | "isTls"
>;

/** The client of a request, as the trusted proxies tell. */
export interface LoggedClient {
  /** In the form of `parseIpAddress`, `unix` or `unknown`. */
  readonly address: string;
  readonly scheme: ClientScheme;
}

/** The result of a request. */
export interface RequestEnd {
  readonly kind: "request" | "stream" | "websocket";
  readonly status: number;
  /** Bytes for the client, with the head of the response. */
  readonly bytes: number;
  /** False if the client left, or was disconnected, before the response was complete. */
  readonly isComplete: boolean;
  readonly subject: string | undefined;
  /** The filters of a stream. */
  readonly topics: number | undefined;
}

/**
 * The most bytes of each field in JSON. All fields together have less than 4,096 bytes: the system writes so many bytes to
 * a pipe in one piece, so lines of several processes do not mix [pipe(7), PIPE_BUF].
 */
const mostBytes = { method: 40, version: 12, path: 2048, agent: 512, requestId: 160, subject: 320 } as const;

/** The fields that are known when a request begins, as the inner text of a JSON object. */
export function beginningOf(request: LoggedRequest, { address, scheme }: LoggedClient): string {
  const { method, version, path, query, front } = request;
  const target = query === "" ? path : `${path}?${withoutSecrets(query)}`;
  return (
    `"front":"${front}","address":"${address}","scheme":"${scheme}"` +
    field("method", method, mostBytes.method) +
    field("path", target, mostBytes.path) +
    field("protocol", `HTTP/${version}`, mostBytes.version) +
    field("agent", request.header("user-agent"), mostBytes.agent) +
    field("requestId", request.header("x-request-id"), mostBytes.requestId)
  );
}

/** A line of the access log, with its line break. `beginning` is from {@link beginningOf}, or empty. */
export function accessLine(
  beginning: string,
  { kind, status, bytes, isComplete, subject, topics }: RequestEnd,
  { nowMs, durationMs }: { readonly nowMs: number; readonly durationMs: number },
): string {
  const ms = Math.round(durationMs * 10) / 10;
  return (
    `{"time":"${timeText(nowMs)}","kind":"${kind}",${beginning}` +
    `,"status":${status},"bytes":${bytes},"ms":${ms}` +
    (isComplete ? "" : ',"complete":false') +
    (topics === undefined ? "" : `,"topics":${topics}`) +
    `${field("subject", subject, mostBytes.subject)}}\n`
  );
}

/** Many lines of a busy hub end in the same millisecond. */
const timeText = rememberLast((ms: number) => new Date(ms).toISOString());

function field(name: string, value: string | undefined, most: number): string {
  return value === undefined ? "" : `,"${name}":${jsonText(value, most)}`;
}

/** Printable ASCII characters that JSON does not escape. */
const plain = /^[ !#-[\]-~]*$/;

/**
 * The text as JSON, in at most so many bytes. JSON needs up to six bytes for a character. A longer text is cut, and ends
 * with `…`.
 */
function jsonText(text: string, most: number): string {
  // Almost every text is plain. To escape it costs four times as much.
  if (text.length + 2 <= most && plain.test(text)) return `"${text}"`;
  if (text.length <= most) {
    const whole = visibleJson(JSON.stringify(text));
    if (Buffer.byteLength(whole) <= most) return whole;
  }
  for (const perCharacter of [1, 2, 3]) {
    const cut = visibleJson(JSON.stringify(`${text.slice(0, Math.floor((most - 5) / perCharacter))}…`));
    if (Buffer.byteLength(cut) <= most) return cut;
  }
  return visibleJson(JSON.stringify(`${text.slice(0, Math.floor((most - 5) / 6))}…`));
}
