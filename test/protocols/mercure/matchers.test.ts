import { describe, expect, it } from "vitest";
import { parseMatchers } from "../../../src/protocols/mercure/matchers.js";
import type { Matchers } from "../../../src/protocols/mercure/matchers.js";
import type { NameValuePairs } from "../../../src/gateway/http/query.js";
import { TurnBudget } from "../../../src/base/turn-budget.js";
import { systemClock } from "../../../src/app/system-clock.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const many = (count: number, text: (index: number) => string): NameValuePairs =>
  Array.from({ length: count }, (_, index) => ["match_urlpattern", text(index)]);

/** A clock that advances by a millisecond with each reading. */
class BusyClock extends VirtualClock {
  #looks = 0;

  override monotonic(): number {
    this.#looks += 1;
    return this.#looks;
  }
}

function parse(
  pairs: NameValuePairs,
  turnBudget = new TurnBudget(systemClock),
): Matchers | Promise<Matchers> {
  const hubUrl = "https://hub.example/.well-known/mercure";
  return parseMatchers(pairs, {
    hubUrl,
    limits: { filtersPerConnection: 100, filterBytes: 100 },
    turnBudget,
  });
}

describe("the matchers of a subscription", () => {
  it("are parsed at once when they are few", () => {
    expect(parse(many(10, (index) => `/a/${index}/:id`))).toMatchObject({ form: "current" });
  });

  it("are parsed over several turns when they are many, those of all subscribers together", async () => {
    // A hundred patterns needed 150 ms in one turn. The patterns of eight subscribers needed eight times as long.
    const clock = new BusyClock();
    const turnBudget = new TurnBudget(clock);
    const patternsOf = (client: number): NameValuePairs => many(50, (index) => `/${client}/${index}/:id`);
    const parsed = [1, 2, 3].map((client) => parse(patternsOf(client), turnBudget));
    let settled = 0;
    for (const each of parsed) void Promise.resolve(each).then(() => (settled += 1));
    let turns = 0;
    for (; settled < parsed.length; turns += 1) {
      clock.runEndOfTurn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(turns).toBeGreaterThan(3);
    for (const each of parsed) expect((await each).filters).toHaveLength(50);
  });

  it("may hold ten URL patterns with regular expressions, which are dear", async () => {
    const expressions = (count: number): NameValuePairs => many(count, (index) => `/a/${index}/:id(\\d+)`);
    const plain = many(20, (index) => `/b/${index}`);
    expect((await parse([...expressions(10), ...plain])).filters).toHaveLength(30);
    expect(() => parse(expressions(11))).toThrowError(/at most 10 URL patterns with regular/);
  });

  it("are refused when one is malformed, also among many", async () => {
    const pairs = [...many(20, (index) => `/a/${index}`), ["match_urlpattern", "{"] as const];
    await expect(parse(pairs)).rejects.toThrowError(expect.objectContaining({ code: "bad-filter" }));
  });
});
