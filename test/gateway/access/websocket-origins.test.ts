import { expect, it } from "vitest";
import { PharosError } from "../../../src/base/errors.js";
import { WebSocketOrigins } from "../../../src/gateway/access/websocket-origins.js";
import { gatewayRequest } from "../request.js";

interface Asked {
  readonly origin: string;
  readonly host?: string;
  /** The scheme that the proxy reports. */
  readonly forwarded?: string;
  readonly isTls?: boolean;
  readonly hubUrl?: string;
}

function isLetIn({ origin, host = "hub.example", forwarded, isTls, hubUrl }: Asked): boolean {
  const origins = new WebSocketOrigins({
    hubUrl: hubUrl ?? "http://127.0.0.1:8080",
    corsOrigins: ["http://listed.example"],
  });
  const proxy = forwarded === undefined ? {} : { "x-forwarded-proto": forwarded };
  const request = gatewayRequest({ path: "/ws", headers: { origin, host, ...proxy } });
  try {
    origins.admit(isTls === undefined ? request : { ...request, isTls });
    return true;
  } catch (error) {
    if (error instanceof PharosError && error.code === "forbidden-origin") return false;
    throw error;
  }
}

const plain = "http://hub.example";
const secure = "https://hub.example";

it.each<[string, Asked, boolean]>([
  ["of the host that is asked", { origin: plain }, true],
  ["of another host", { origin: "http://other.example" }, false],
  ["of another port of the host", { origin: "http://hub.example:81" }, false],
  ["of a listed origin", { origin: "http://listed.example", isTls: true }, true],
  ["that is opaque", { origin: "null" }, false],
  ["without TLS, when a proxy says that it was asked with it", { origin: plain, forwarded: "https" }, false],
  ["without TLS, when Mongrel2 says so", { origin: plain, isTls: true }, false],
  ["without TLS, when the hub's URL says so", { origin: plain, hubUrl: secure }, false],
  ["with TLS, when a proxy says so", { origin: secure, forwarded: "https" }, true],
  ["with TLS, when Mongrel2 says so", { origin: secure, isTls: true }, true],
  ["with TLS, when the hub's URL says so", { origin: secure, hubUrl: secure }, true],
  ["with TLS, when nothing says so", { origin: secure }, true],
  [
    "without TLS, asked without it beside its URL",
    { origin: plain, hubUrl: secure, forwarded: "http" },
    true,
  ],
])("a page %s is let in or not", (_which, asked, letIn) => {
  expect(isLetIn(asked)).toBe(letIn);
});

it("a page that only * or null lets in opens a WebSocket without its cookies", () => {
  const corsOrigins = ["*", "https://app.example"];
  const origins = new WebSocketOrigins({ hubUrl: "https://hub.example", corsOrigins });
  const cookieOf = (origin?: string): string | undefined => {
    const headers = { cookie: "a=b", host: "hub.example", ...(origin === undefined ? {} : { origin }) };
    return origins.admit(gatewayRequest({ path: "/ws", headers })).header("cookie");
  };
  expect(["https://evil.example", "null"].map(cookieOf)).toEqual([undefined, undefined]);
  expect([undefined, "https://app.example", "https://hub.example"].map(cookieOf)).toEqual([
    "a=b",
    "a=b",
    "a=b",
  ]);
});

it("the policy for iframes names what a policy can express, and neither * nor null", () => {
  const corsOrigins = [
    "*",
    "null",
    "https://a.example",
    "https://*.b.example:81",
    "https://c-*.example",
    "http://localhost:*",
    "capacitor://localhost",
    "moz-extension://*",
  ];
  expect(new WebSocketOrigins({ hubUrl: "https://hub.example/x", corsOrigins }).framePolicy).toBe(
    "frame-ancestors 'self' https://hub.example https://a.example https://*.b.example:81 http://localhost:* capacitor://localhost",
  );
});
