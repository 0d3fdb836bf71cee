import { expect, it } from "vitest";
import { Cors } from "../../../src/gateway/access/cors.js";
import { Origins } from "../../../src/gateway/access/origins.js";
import { gatewayRequest } from "../request.js";

const listed = "https://app.example";
const from = (origin?: string) => gatewayRequest(origin === undefined ? {} : { headers: { origin } });

it("says nothing at all when no origin is listed", () => {
  const cors = new Cors(new Origins([]));
  expect(cors.headersFor(from(listed))).toEqual([]);
  expect(cors.preflightFor(from(listed), "GET")).toEqual([]);
});

it("names a listed origin, and that answers vary by it", () => {
  const cors = new Cors(new Origins([listed, "https://other.example"]));
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
    const cors = new Cors(new Origins([listed]));
    expect(cors.headersFor(from(origin))).toEqual([["Vary", "Origin"]]);
    expect(cors.preflightFor(from(origin), "GET")).toEqual([]);
  },
);

it("lets a page of a listed pattern send cookies, and names the page's own origin", () => {
  const cors = new Cors(new Origins(["https://*.app.example", "capacitor://localhost"]));
  for (const origin of ["https://a.app.example", "capacitor://localhost"])
    expect(Object.fromEntries(cors.headersFor(from(origin)))).toMatchObject({
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
    });
});

it.each([
  ["*", "https://any.example", "*"],
  ["*", "null", "null"],
  ["null", "null", "null"],
])("listed %s lets a page of %s read without its cookies", (entry, origin, allowed) => {
  const headers = Object.fromEntries(new Cors(new Origins([entry, listed])).headersFor(from(origin)));
  expect(headers).toMatchObject({ "Access-Control-Allow-Origin": allowed, Vary: "Origin" });
  expect(headers).not.toHaveProperty("Access-Control-Allow-Credentials");
});

/** The further names that a preflight response allows for a request for these headers. */
function allowedFor(asked: string, origin: string): readonly string[] {
  const request = gatewayRequest({ headers: { origin, "access-control-request-headers": asked } });
  const headers = new Map(new Cors(new Origins([listed])).preflightFor(request, "GET"));
  return (headers.get("Access-Control-Allow-Headers") ?? "").split(", ").slice(12);
}

it("allows the request headers of a listed page that the hub does not know, such as those of a tracing library", () => {
  expect(allowedFor("traceparent,x-requested-with, x-request-id,last-event-id", listed)).toEqual([
    "traceparent",
    "x-requested-with",
    "x-request-id",
  ]);
  expect(allowedFor("traceparent", "https://other.example")).toEqual([]);
});

it("allows no header of proxies, nothing that is no name, and not more than 64 names", () => {
  expect(allowedFor("x-forwarded-for,via,x a,x:y,x\r\ny,,x-é", listed)).toEqual([]);
  const many = Array.from({ length: 100 }, (_, index) => `x-${index}`);
  expect(allowedFor(many.join(), listed)).toEqual(many.slice(0, 64));
});
