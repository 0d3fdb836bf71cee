import { expect, it } from "vitest";
import { acceptHandshake } from "../../../src/gateway/websocket/handshake.js";
import { gatewayRequest } from "../request.js";

const headers = {
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

it.each([
  ["mqtt", ["mqtt"], "mqtt"],
  ["pharos.token.x, pharos", ["pharos"], "pharos"],
  ["b, a", ["a", "b"], "b"],
  ["pharos", ["mqtt"], undefined],
  ["", ["mqtt"], undefined],
])("of the offered subprotocols %j a resource that speaks %j selects %s", (offered, spoken, selected) => {
  const request = gatewayRequest({ headers: { ...headers, "sec-websocket-protocol": offered } });
  const answer = new Map(acceptHandshake(request, spoken));
  expect(answer.get("Sec-WebSocket-Protocol")).toBe(selected);
});
