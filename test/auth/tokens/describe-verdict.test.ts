import { expect, it } from "vitest";

import { describeVerdict } from "../../../src/auth/tokens/describe-verdict.js";
import { durationText, timeText } from "../../../src/auth/refusal.js";
import { detailType, goodClaims, now, sign, signOlder, World } from "../world.js";

async function words(token: string): Promise<readonly string[]> {
  const world = new World();
  return describeVerdict(await world.verify(token), world.clock.now());
}

it("an accepted token is described with its rights and its end", async () => {
  const details = [
    {
      type: detailType,
      actions: ["publish"],
      topics: [{ match: "a" }, { match: "b/#", match_type: "mqtt" }],
    },
    { type: detailType, actions: ["subscribe"], topics: [{ match: "x" }, { match: "*" }] },
  ];
  expect(await words(await sign({ claims: { ...goodClaims, authorization_details: details } }))).toEqual([
    'Accepted: an access token with authorization details, by "https://issuer.example", of "somebody".',
    'Publish: exact "a", mqtt "b/#".',
    "Read private publications: every topic.",
    "Valid until 2026-01-01T00:10:00Z, for 10 minutes more.",
  ]);
});

it("one of the older form may never end", async () => {
  expect(await words(await signOlder({ mercure: { publish: ["https://a/{b}"] } }))).toEqual([
    "Accepted: a token of the older form, with a mercure claim.",
    'Publish: template "https://a/{b}".',
    "Read private publications: nothing.",
    "Valid forever: it has no exp.",
  ]);
});

it("a refused token is described with the reason", async () => {
  expect(await words(await sign({ claims: { ...goodClaims, exp: now - 7200 } }))).toEqual([
    "Refused: it expired at 2025-12-31T22:00:00Z, 2 hours ago.",
  ]);
});

it("control characters in a token do not reach the terminal", async () => {
  const token = await sign({ claims: { ...goodClaims, sub: "\u001b[2J\u009b\u202e\n" } });
  expect((await words(token)).join("")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it.each([
  [0, "0 seconds"],
  [1, "1 second"],
  [119.9, "119 seconds"],
  [120, "2 minutes"],
  [7199, "119 minutes"],
  [7200, "2 hours"],
  [172_800, "2 days"],
])("%d seconds read as %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

it.each([
  [0, "1970-01-01T00:00:00Z"],
  [1.5, "1970-01-01T00:00:01.500Z"],
  [1e20, "the second 100000000000000000000"],
])("%d reads as %s", (seconds, text) => {
  expect(timeText(seconds)).toBe(text);
});
