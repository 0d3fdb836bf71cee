import { expect, it } from "vitest";
import { Cors } from "../../../src/gateway/http/cors.js";
import { gatewayRequest } from "../request.js";

const listed = "https://app.example";
const from = (origin?: string) => gatewayRequest(origin === undefined ? {} : { headers: { origin } });

it("says nothing at all when no origin is listed", () => {
  const cors = new Cors([]);
  expect(cors.headersFor(from(listed))).toEqual([]);
  expect(cors.preflightFor(from(listed), "GET")).toEqual([]);
});

it("names a listed origin, and that answers vary by it", () => {
  const cors = new Cors([listed, "https://other.example"]);
  expect(cors.headersFor(from(listed))).toEqual([
    ["Access-Control-Allow-Origin", listed],
    ["Access-Control-Allow-Credentials", "true"],
    [
      "Access-Control-Expose-Headers",
      "ETag, Last-Event-ID, Last-Modified, Link, Mercure-Last-Event-ID, Retry-After, WWW-Authenticate, X-Nginx-PushStream-Explain, X-Pharos-Gap",
    ],
    ["Vary", "Origin"],
  ]);
  expect(Object.fromEntries(cors.preflightFor(from(listed), "GET, HEAD"))).toMatchObject({
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers":
      "Authorization, Cache-Control, Content-Type, Event-ID, Event-Retry, Event-Type, Idempotency-Key, If-Modified-Since, If-None-Match, Last-Event-ID, Private, Retain",
  });
});

it.each([undefined, "", "null", "*", "https://app.example/", "https://APP.example", `${listed}, ${listed}`])(
  "only says that answers vary for the origin %j",
  (origin) => {
    const cors = new Cors([listed]);
    expect(cors.headersFor(from(origin))).toEqual([["Vary", "Origin"]]);
    expect(cors.preflightFor(from(origin), "GET")).toEqual([]);
  },
);
