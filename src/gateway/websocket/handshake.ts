import { createHash } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { webSocketTokenPrefix } from "../../protocol.js";
import { bearerToken } from "../http/bearer.js";
import type { GatewayRequest, Headers } from "../http/messages.js";
import { snapshotRequest } from "../http/request-snapshot.js";

/**
 * The server appends this text to the key and hashes both. The hash shows that the server understood the handshake
 * [RFC 6455 1.3].
 */
const acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 bytes in base64 [RFC 6455 4.1]. */
const keyForm = /^[A-Za-z0-9+/]{22}==$/;

/**
 * The headers that accept a WebSocket. The hub accepts no extension, not even permessage-deflate: all clients of a
 * cohort get the same bytes.
 *
 * @param subprotocols the subprotocols of the resource
 * @throws PharosError `upgrade-required` if the request is no handshake or has another version; `bad-request` for a
 *   malformed key
 */
export function acceptHandshake(request: GatewayRequest, subprotocols: readonly string[]): Headers {
  if (!asksForWebSocket(request))
    throw new PharosError(
      "upgrade-required",
      "this path is for WebSockets: send GET with HTTP/1.1, Upgrade: websocket and Connection: Upgrade; event streams are at /esupdates",
    );
  const version = request.header("sec-websocket-version") ?? "";
  if (version !== "13")
    throw new PharosError("upgrade-required", `Sec-WebSocket-Version must be 13, not ${quoteValue(version)}`);
  const key = request.header("sec-websocket-key") ?? "";
  if (!keyForm.test(key))
    throw new PharosError(
      "bad-request",
      `Sec-WebSocket-Key must be 16 bytes in base64, not ${quoteValue(key)}`,
    );
  const accept = createHash("sha1").update(key).update(acceptGuid).digest("base64");
  return [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", accept],
    ...subprotocol(request, subprotocols),
  ];
}

/**
 * Only HTTP/1.1 has `Upgrade`. A server ignores it in a request of another version, and without the option `Upgrade` in
 * `Connection` [RFC 9110 7.8, RFC 6455 4.2.1].
 */
function asksForWebSocket(request: GatewayRequest): boolean {
  const has = (name: string, wanted: string): boolean =>
    wordsOf(request.header(name)).some((word) => word.toLowerCase() === wanted);
  return (
    request.method === "GET" &&
    request.version === "1.1" &&
    has("upgrade", "websocket") &&
    has("connection", "upgrade")
  );
}

/** The error for a valid handshake on a connection that cannot become a WebSocket. */
export function handshakeRefused(): PharosError {
  return new PharosError(
    "bad-request",
    "a WebSocket handshake must be complete and have no body, and its connection must have no other unanswered request",
  );
}

/**
 * The first subprotocol that the client offers and the resource supports. A client closes the connection if the
 * response names any other subprotocol [RFC 6455 4.1].
 */
function subprotocol(request: GatewayRequest, subprotocols: readonly string[]): Headers {
  const offered = wordsOf(request.header("sec-websocket-protocol"));
  const chosen = offered.find((each) => subprotocols.includes(each));
  return chosen === undefined ? [] : [["Sec-WebSocket-Protocol", chosen]];
}

/**
 * A copy of the request with the token that the page sent as a subprotocol. If there is no such token, or there is one
 * in the `Authorization` header, the function returns the request unchanged.
 *
 * @throws PharosError `bad-authorization` if one of the two tokens is malformed
 */
export function withProtocolToken(request: GatewayRequest): GatewayRequest {
  const word = wordsOf(request.header("sec-websocket-protocol")).find((word) =>
    word.startsWith(webSocketTokenPrefix),
  );
  if (word === undefined || bearerToken(request.header("authorization")) !== undefined) return request;
  return snapshotRequest(request, percentDecoded(word.slice(webSocketTokenPrefix.length)));
}

/** Decodes percent escapes. Malformed text stays unchanged, and token verification then rejects it. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wordsOf(header = ""): readonly string[] {
  return header.split(",").map((word) => word.trim());
}
