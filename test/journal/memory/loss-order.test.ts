import { describe, expect, it } from "vitest";
import { LossOrder } from "../../../src/journal/memory/losses/loss-order.js";

class Loser {
  readonly name: string;
  lostAt = 0;

  constructor(name: string) {
    this.name = name;
  }
}

function names(order: LossOrder<Loser>, mark = 0): string {
  return [...order.after(mark)].map(({ name }) => name).join("");
}

describe("LossOrder", () => {
  it("gives who has lost something after a moment, in the order of their last loss", () => {
    const order = new LossOrder<Loser>();
    const [a, b, c] = ["a", "b", "c"].map((name) => new Loser(name));
    if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
    for (const [index, loser] of [a, b, c, a].entries()) order.add(loser, index + 1);
    expect([0, 1, 2, 3, 4].map((mark) => names(order, mark))).toEqual(["bca", "bca", "ca", "a", ""]);
    order.remove(c);
    expect(names(order)).toBe("ba");
    order.add(c, 5);
    expect(names(order, 2)).toBe("ac");
  });

  it("takes several at one moment, each once", () => {
    const order = new LossOrder<Loser>();
    const [a, b] = [new Loser("a"), new Loser("b")];
    for (const loser of [a, b, a]) order.add(loser, 1);
    expect([names(order), names(order, 1)]).toEqual(["ab", ""]);
  });

  it("stays in order when what is past is dropped", () => {
    const order = new LossOrder<Loser>();
    const losers = Array.from({ length: 26 }, (_, index) => new Loser(String.fromCharCode(97 + index)));
    for (let at = 1; at <= 26 * 100; at += 1) {
      const loser = losers[(at - 1) % 26];
      if (loser !== undefined) order.add(loser, at);
    }
    expect(names(order)).toBe("abcdefghijklmnopqrstuvwxyz");
    expect(names(order, 26 * 100 - 3)).toBe("xyz");
  });
});
