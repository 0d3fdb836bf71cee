import { expect, test } from "vitest";

import { PharosError } from "../../src/base/errors.js";
import { loadConfig } from "../../src/config/load.js";

const settings = [
  ["cors-origin", "corsOrigins"],
  ["publish-origin", "publishOrigins"],
] as const;

/** The error text for this origin; the empty text if the origin is allowed. */
function refusalOf(option: string, origin: string): string {
  try {
    loadConfig({ options: new Map([[option, [origin]]]) });
    return "";
  } catch (error) {
    if (error instanceof PharosError && error.code === "bad-config") return error.message;
    throw error;
  }
}

const allowed = [
  "https://app.example.org",
  "http://localhost:3000",
  "http://[::1]:8080",
  "https://*.example.org",
  "https://app-*.example.org:8443",
  "http://localhost:*",
  "capacitor://localhost",
  "ionic://localhost",
  "tauri://localhost",
  "app://.",
  "file://",
  "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
  "moz-extension://*",
  "null",
  "*",
];

test.each(settings)("--%s takes origins of any scheme, null, * and patterns", (option, key) => {
  expect(loadConfig({ options: new Map([[option, allowed]]) })[key]).toEqual(allowed);
});

/** Near misses, and what to write instead. */
const nearMisses: readonly (readonly [given: string, instead: string])[] = [
  ["https://a.example/", "https://a.example"],
  ["https://A.example", "https://a.example"],
  ["https://a.example:443", "https://a.example"],
  ["http://a.example:80", "http://a.example"],
  ["https://a.example/page?x#y", "https://a.example"],
  ["a.example", "https://a.example"],
  ["localhost:3000", "http://localhost:3000"],
  ["wss://a.example/ws", "https://a.example"],
  ["https:/a.example", "https://a.example"],
  ["https://user@a.example", "https://a.example"],
  ["https://bücher.example", "https://xn--bcher-kva.example"],
  ["http://127.1", "http://127.0.0.1"],
  ["http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"],
  ['"https://a.example"', "https://a.example"],
  ["https://a.example,https://b.example", "https://a.example, and each further origin by itself"],
  ["*.a.example", "https://*.a.example"],
  ["https://*a.example", "https://*.a.example"],
  ["https://a.example*", "https://a.example:*"],
  ["https://*", "*"],
  ["NULL", "null"],
  ["Capacitor://localhost/", "capacitor://localhost"],
];

test.each(settings.flatMap(([option]) => nearMisses.map(([given, instead]) => [option, given, instead])))(
  "--%s %s: the error says to write %s",
  (option, given, instead) => {
    const text = refusalOf(option, given);
    expect(text).toMatch(
      `--${option}: given ${JSON.stringify(given)}, allowed: an origin as browsers send it`,
    );
    expect(text.split(". Write ")[1]).toBe(instead);
  },
);

test.each([
  "",
  " ",
  "https://",
  "https://a.*.*",
  "https://*.*.a.example",
  "https://example.*",
  "http://192.168.1.*",
  "capacitor://",
  "http://localhost:99999",
  "capacitor://localhost:99999",
  "javascript://a",
  "data:text/html,x",
])("%j is refused without a guess", (given) => {
  const text = refusalOf("cors-origin", given);
  expect(text).toContain(`given ${JSON.stringify(given)}, allowed: an origin`);
  expect(text).not.toContain("Write");
});
