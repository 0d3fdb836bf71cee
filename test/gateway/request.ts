import type { GatewayRequest } from "../../src/gateway/http/messages.js";

/** A request in the form in which a front passes requests to the gateway. */
export function gatewayRequest(options: {
  /** @default "GET" */
  readonly method?: string;
  /** @default "1.1" */
  readonly version?: string;
  /** @default "/esupdates" */
  readonly path?: string;
  /** @default "" */
  readonly query?: string;
  /** By lower-case name. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default "" */
  readonly body?: string | Buffer;
  /** @default "127.0.0.1" */
  readonly peer?: string;
  /** @default true */
  readonly isDirect?: boolean;
}): GatewayRequest {
  const { method = "GET", version = "1.1", path = "/esupdates", query = "", headers = {} } = options;
  const { body = "", peer = "127.0.0.1", isDirect = true } = options;
  const values = new Map(Object.entries(headers));
  const header = (name: string) => values.get(name);
  return {
    method,
    version,
    path,
    query,
    header,
    body: () => Promise.resolve(Buffer.from(body)),
    disconnectSignal: () => new AbortController().signal,
    peer,
    front: isDirect ? "http" : "mongrel2",
    isDirect,
  };
}

/** A request of HTTP/1.0, whose stream has no chunks. */
export function olderRequest(options: Parameters<typeof gatewayRequest>[0]): GatewayRequest {
  return gatewayRequest({ version: "1.0", ...options });
}
