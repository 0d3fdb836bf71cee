import { expect, it } from "vitest";
import { Origins } from "../../../src/gateway/access/origins.js";

it.each<[string, readonly string[], readonly string[]]>([
  [
    "https://app.example",
    ["https://app.example"],
    ["https://app.example:8443", "http://app.example", "https://app.example.evil.example", "null", ""],
  ],
  ["*", ["https://app.example", "null", "anything"], []],
  [
    "https://*.app.example",
    ["https://a.app.example", "https://a.b.app.example"],
    [
      "https://app.example",
      "https://.app.example",
      "https://evil.example/.app.example",
      "https://evil.example:1.app.example",
      "https://user@.app.example",
      "https://a.app.example:8443",
      "http://a.app.example",
      "https://A.app.example",
    ],
  ],
  [
    "http://localhost:*",
    ["http://localhost:1", "http://localhost:8080"],
    [
      "http://localhost",
      "http://localhost:",
      "http://localhost:a",
      "http://localhost.evil.example:80",
      "http://localhost:80/",
    ],
  ],
  ["capacitor://localhost", ["capacitor://localhost"], ["http://localhost", "capacitor://localhost:1"]],
  ["moz-extension://*", ["moz-extension://a1-b2"], ["moz-extension://", "chrome-extension://a1-b2"]],
  ["null", ["null"], ["", "https://null", "*"]],
  ["https://app-*.example", ["https://app-1.example"], ["https://app-.example", "https://app-example"]],
])("%s", (origin, taken, refused) => {
  const origins = new Origins(["https://other.example", origin]);
  for (const text of taken) expect.soft(origins.has(text), text).toBe(true);
  for (const text of refused) expect.soft(origins.has(text), text).toBe(false);
});

it("takes no page's origin where none is listed", () => {
  expect(new Origins([]).has("https://app.example")).toBe(false);
});

it.each([
  ["https://app.example", "credentials"],
  ["https://a.sub.example", "credentials"],
  ["https://*.sub.example", "public"],
  ["https://evil.example", "public"],
  ["null", "public"],
  ["*", "public"],
])("a list with * and others treats the page of %s as %s", (origin, access) => {
  const origins = new Origins(["*", "null", "https://app.example", "https://*.sub.example"]);
  expect(origins.accessOf(origin)).toBe(access);
});
