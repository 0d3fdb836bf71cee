import { expect, it } from "vitest";
import { CookieOrigins } from "../../../src/gateway/access/cookie-origins.js";

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
    ["http://localhost", "http://localhost:", "http://localhost.evil.example:80", "http://localhost:80/"],
  ],
  ["https://app-*.example", ["https://app-1.example"], ["https://app-.example", "https://app-example"]],
])("%s", (origin, taken, refused) => {
  const origins = new CookieOrigins(["https://other.example", origin]);
  for (const text of taken) expect.soft(origins.has(text), text).toBe(true);
  for (const text of refused) expect.soft(origins.has(text), text).toBe(false);
});

it("takes no page's origin where none is listed", () => {
  expect(new CookieOrigins([]).has("https://app.example")).toBe(false);
});
