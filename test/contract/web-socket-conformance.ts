import { describe, expect, it } from "vitest";
import type { ConformanceCase } from "./conformance/case.js";
import { closeCases } from "./conformance/close-cases.js";
import { differencesOf } from "./conformance/conformance-differences.js";
import { frameCases } from "./conformance/frame-cases.js";
import { handshakeCases } from "./conformance/handshake-cases.js";
import { outcomeOf, statusOf } from "./conformance/run-case.js";
import { textCases } from "./conformance/text-cases.js";
import type { Contract } from "./sites.js";

/** Conformance to RFC 6455, as a table. conformance-differences.ts lists the cases that another server hides. */
export function testWebSocketConformance({ front, site }: Contract): void {
  const differences = differencesOf(front);
  const expected = (cases: readonly ConformanceCase[]): readonly ConformanceCase[] =>
    cases.map((each) => ({ ...each, outcome: differences.get(each.name) ?? each.outcome }));
  const outcomes = async (cases: readonly ConformanceCase[], pieceBytes?: number): Promise<unknown> =>
    Object.fromEntries(
      await inGroups(cases, async (each) => [each.name, await outcomeOf(site(), each, pieceBytes)]),
    );

  describe("a WebSocket conforms to RFC 6455", () => {
    it.each([
      ["frames", frameCases],
      ["text", textCases],
      ["close frames", closeCases],
    ])("%s", async (_what, cases) => {
      expect(await outcomes(expected(cases))).toEqual(tableOf(expected(cases)));
    });

    it("frames in pieces of one byte", async () => {
      const short = [...frameCases, ...textCases, ...closeCases].filter(({ bytes }) => bytes.length < 200);
      const some = expected(short.filter((_, index) => index % 4 === 0));
      expect(await outcomes(some, 1)).toEqual(tableOf(some));
    });

    it("handshakes", async () => {
      const found = await inGroups(handshakeCases, async (each) => [
        each.name,
        [await statusOf(site(), each)],
      ]);
      const statuses = handshakeCases.map(({ name, status }) => [
        name,
        differences.get(name) ?? [String(status)],
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(statuses));
    });
  });
}

function tableOf(cases: readonly ConformanceCase[]): unknown {
  return Object.fromEntries(cases.map(({ name, outcome }) => [name, outcome]));
}

/** Runs 16 cases at a time. */
async function inGroups<C>(
  cases: readonly C[],
  run: (each: C) => Promise<[string, readonly string[]]>,
): Promise<[string, readonly string[]][]> {
  const results: [string, readonly string[]][] = [];
  for (let at = 0; at < cases.length; at += 16) {
    results.push(...(await Promise.all(cases.slice(at, at + 16).map(run))));
  }
  return results;
}
