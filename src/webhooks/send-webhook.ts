import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface WebhookRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Certificates in PEM that the hub trusts instead of those of Node. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

/** The status of a response, and its `Retry-After` in milliseconds; 0 if it has none in seconds. */
export interface WebhookResult {
  readonly status: number;
  readonly retryAfterMs: number;
}

/** Sends a POST request on a connection of its own. Does not read the body of the response. Follows no redirect. */
export function sendWebhook({ url, headers, body, ca, signal }: WebhookRequest): Promise<WebhookResult> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const length = String(Buffer.byteLength(body));
    const request = send(
      url,
      // A receiver that closes an idle connection could lose a request on it.
      { method: "POST", headers: { ...headers, "content-length": length }, agent: false, signal, ca },
      (response) => {
        const seconds = Number(response.headers["retry-after"] ?? 0);
        const retryAfterMs = Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : 0;
        resolve({ status: response.statusCode ?? 0, retryAfterMs });
        // The body can have any length. The hub ends the connection instead of reading it.
        response.on("error", () => undefined);
        request.destroy();
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
