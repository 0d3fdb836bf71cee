import { createHash } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { webSocketTokenPrefix } from "../../protocol.js";
import type { GatewayRequest, Headers } from "../http/messages.js";
import { snapshotRequest } from "../http/request-snapshot.js";

/** The hash of the key and this text shows that the server understood the handshake [RFC 6455 1.3]. */
const acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 bytes in base64 [RFC 6455 4.1]. */
const keyForm = /^[A-Za-z0-9+/]{22}==$/;

/**
 * The headers that accept a WebSocket. No extension is accepted, also not permessage-deflate: all clients of a cohort get
 * the same bytes.
 *
 * @param subprotocols the ones that the resource speaks
 * @throws PharosError `upgrade-required` if the request is no handshake, or one of another version; `bad-request` for a
 *   malformed key
 */
export function acceptHandshake(request: GatewayRequest, subprotocols: readonly string[]): Headers {
  const isHandshake = wordsOf(request.header("upgrade")).some((word) => word.toLowerCase() === "websocket");
  if (request.method !== "GET" || !isHandshake)
    throw new PharosError("upgrade-required", "this path is for WebSockets; event streams are at /esupdates");
  if (request.header("sec-websocket-version") !== "13")
    throw new PharosError("upgrade-required", "Sec-WebSocket-Version must be 13");
  const key = request.header("sec-websocket-key") ?? "";
  if (!keyForm.test(key))
    throw new PharosError("bad-request", "Sec-WebSocket-Key must be 16 bytes in base64");
  const accept = createHash("sha1").update(key).update(acceptGuid).digest("base64");
  return [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", accept],
    ...subprotocol(request, subprotocols),
  ];
}

/** For a handshake that cannot become a WebSocket on its connection, although the request itself is valid. */
export function handshakeRefused(): PharosError {
  return new PharosError(
    "bad-request",
    "a WebSocket handshake must be complete and have no body, and its connection must have no other unanswered request",
  );
}

/**
 * The first subprotocol that the client offers and the resource speaks. A client closes the connection if the answer
 * names any other one [RFC 6455 4.1].
 */
function subprotocol(request: GatewayRequest, subprotocols: readonly string[]): Headers {
  const offered = wordsOf(request.header("sec-websocket-protocol"));
  const chosen = offered.find((each) => subprotocols.includes(each));
  return chosen === undefined ? [] : [["Sec-WebSocket-Protocol", chosen]];
}

/** The request with the token that its page sent as a subprotocol, unless it has an `Authorization` header. */
export function withProtocolToken(request: GatewayRequest): GatewayRequest {
  const word = wordsOf(request.header("sec-websocket-protocol")).find((word) =>
    word.startsWith(webSocketTokenPrefix),
  );
  if (word === undefined || request.header("authorization") !== undefined) return request;
  return snapshotRequest(request, percentDecoded(word.slice(webSocketTokenPrefix.length)));
}

/** A malformed text stays as it is; it is then refused as a token. */
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
