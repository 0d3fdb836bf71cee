import { expect, it } from "vitest";
import { acceptHandshake, withProtocolToken } from "../../../src/gateway/websocket/handshake.js";
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

it.each([
  [undefined, "Bearer a.b.c"],
  ["Basic eA==", "Bearer a.b.c"],
  ["Negotiate YII=", "Bearer a.b.c"],
  ["Bearer x", "Bearer x"],
  ["Basic eA==, Bearer x", "Basic eA==, Bearer x"],
])("the token of a subprotocol counts unless the header has a Bearer: %j", (authorization, expected) => {
  // Basic credentials of a staging site hid the token, so the page's WebSocket was refused.
  const request = gatewayRequest({
    headers: {
      ...headers,
      "sec-websocket-protocol": "pharos, pharos.token.a.b.c",
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
  expect(withProtocolToken(request).header("authorization")).toBe(expected);
});

it.each(["pharos.token.", "pharos.token.a%20b", "pharos.token.a%2C%20Bearer%20b", "pharos.token.a%0D%0Ab"])(
  "the subprotocol %s has no token",
  (offered) => {
    const request = gatewayRequest({ headers: { ...headers, "sec-websocket-protocol": offered } });
    expect(() => withProtocolToken(request)).toThrow(expect.objectContaining({ code: "bad-authorization" }));
  },
);
