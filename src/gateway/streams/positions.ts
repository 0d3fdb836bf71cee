import type { GatewayRequest } from "../http/messages.js";
import type { NameValuePairs } from "../http/query.js";

/**
 * True if the client gets its position in the stream: as an event that has only an id. By the HTML standard, such an
 * event changes the `Last-Event-ID` and fires nothing [HTML 9.2.6]. Many other clients call their handler with an empty
 * message, and a page that parses each message as JSON then fails. So only these clients get positions:
 * - clients that ask: `show=positions`, or `show=topics`, which the hub's own library sends
 * - browsers' `EventSource`, which always sends `Cache-Control: no-cache` [HTML 9.2.3]; `fetch` does not
 */
export function wantsPositions({ header }: Pick<GatewayRequest, "header">, query: NameValuePairs): boolean {
  const asks = query.some(
    ([name, value]) => name === "show" && (value === "positions" || value === "topics"),
  );
  return asks || /\bno-cache\b/i.test(header("cache-control") ?? "");
}
