import type { GatewayRequest } from "../../src/gateway/messages.js";

/** A request as a front shows it. */
export function gatewayRequest(options: {
  /** @default "GET" */
  readonly method?: string;
  /** @default "/esupdates" */
  readonly path?: string;
  /** @default "" */
  readonly query?: string;
  /** By lower-case name. @default none */
  readonly headers?: Readonly<Record<string, string>>;
}): GatewayRequest {
  const { method = "GET", path = "/esupdates", query = "", headers = {} } = options;
  const values = new Map(Object.entries(headers));
  return { method, path, query, header: (name) => values.get(name) };
}
