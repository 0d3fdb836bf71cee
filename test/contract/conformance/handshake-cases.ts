import { handshakeHeaders } from "../../support/web-socket.js";
import { requestBytes } from "../http-text.js";

/** A handshake, and the status of its answer. */
export interface HandshakeCase {
  readonly name: string;
  readonly request: string;
  readonly status: number;
}

interface Changed {
  readonly method?: string;
  readonly version?: string;
  /** Changed headers; undefined removes a header. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Handshakes [RFC 6455 4.2.1]. */
export const handshakeCases: readonly HandshakeCase[] = [
  handshake("as in RFC 6455", {}, 101),
  ...["websocket", "WebSocket", "WEBSOCKET", "h2c, websocket"].map((Upgrade) =>
    handshake(`Upgrade: ${Upgrade}`, { headers: { Upgrade } }, 101),
  ),
  ...[
    "Upgrade",
    "upgrade",
    "UPGRADE",
    "keep-alive, Upgrade",
    "Upgrade, keep-alive",
    "keep-alive,upgrade",
  ].map((Connection) => handshake(`Connection: ${Connection}`, { headers: { Connection } }, 101)),
  ...[undefined, "h2c", "web socket", "websockets", "notwebsocket"].map((Upgrade) =>
    handshake(`Upgrade: ${Upgrade}`, { headers: { Upgrade } }, 426),
  ),
  ...[undefined, "keep-alive", "close", "Upgrades", "notupgrade"].map((Connection) =>
    handshake(`Connection: ${Connection}`, { headers: { Connection } }, 426),
  ),
  ...[undefined, "", "0", "7", "8", "12", "14", "013", "13, 13", "x"].map((version) =>
    handshake(`version ${version}`, { headers: { "Sec-WebSocket-Version": version } }, 426),
  ),
  ...[
    undefined,
    "",
    "short",
    "dGhlIHNhbXBsZSBub25jZQ",
    "dGhlIHNhbXBsZSBub25jZQ==x",
    "dGhlIHNhbXBsZSBub25jZSE=",
    "dGhlIHNhbXBsZSBub25j*Q==",
    "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
  ].map((key) => handshake(`key ${key}`, { headers: { "Sec-WebSocket-Key": key } }, 400)),
  handshake("HTTP/1.0", { version: "HTTP/1.0" }, 426),
  handshake("POST", { method: "POST" }, 405),
  handshake("PUT", { method: "PUT" }, 405),
  handshake("HEAD", { method: "HEAD" }, 426),
  ...["permessage-deflate", "permessage-deflate; client_max_window_bits, x-other"].map((extensions) =>
    handshake(`extensions ${extensions}`, { headers: { "Sec-WebSocket-Extensions": extensions } }, 101),
  ),
  ...["pharos", "other", "other, pharos", "pharos, other"].map((protocol) =>
    handshake(`subprotocols ${protocol}`, { headers: { "Sec-WebSocket-Protocol": protocol } }, 101),
  ),
];

function handshake(
  name: string,
  { method = "GET", version, headers = {} }: Changed,
  status: number,
): HandshakeCase {
  const all = Object.entries({ ...handshakeHeaders, ...headers });
  const kept = Object.fromEntries(all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  const request = requestBytes({ method, path: "/ws", headers: kept });
  return { name, request: version === undefined ? request : request.replace("HTTP/1.1", version), status };
}
