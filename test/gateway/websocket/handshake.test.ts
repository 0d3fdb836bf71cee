import { expect, it } from "vitest";
import { acceptHandshake } from "../../../src/gateway/websocket/handshake.js";
import { gatewayRequest } from "../request.js";

const headers = {
  upgrade: "websocket",
  connection: "keep-alive, Upgrade",
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

it.each([
  ["a method other than GET", { method: "POST" }, {}],
  ["HTTP/1.0", { version: "1.0" }, {}],
  ["no Upgrade", {}, { upgrade: "" }],
  ["another protocol in Upgrade", {}, { upgrade: "h2c" }],
  ["no option Upgrade in Connection", {}, { connection: "keep-alive" }],
])("refuses a handshake with %s", (_what, request, changed) => {
  const handshake = gatewayRequest({ ...request, headers: { ...headers, ...changed } });
  expect(() => acceptHandshake(handshake, [])).toThrow(expect.objectContaining({ code: "upgrade-required" }));
});
