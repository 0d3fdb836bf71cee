import { describe, expect, it } from "vitest";

import { TransportChoice } from "../../../src/client/loop/transport-choice.js";
import type { Trouble } from "../../../src/client/messages/refusal.js";

const troubles = ["held", "busy", "foreign", "network"] as const;

type Step =
  | "opened"
  | "fell silent"
  | "network changed"
  | "better"
  | "busy until later"
  | (typeof troubles)[number];

const steps: readonly Step[] = [
  "opened",
  "fell silent",
  "network changed",
  "better",
  "busy until later",
  ...troubles,
];
const transports = [0, 1, 2];

/** All orders of this number of steps. */
function* orders(length: number): Generator<readonly Step[]> {
  if (length === 0) yield [];
  else for (const before of orders(length - 1)) for (const step of steps) yield [...before, step];
}

/** The choice after each order of four steps: 6,561 choices. */
function* everyChoice(): Generator<TransportChoice> {
  for (const order of orders(4)) {
    const choice = new TransportChoice(transports.length);
    for (const step of order) perform(choice, step);
    yield choice;
  }
}

/** Performs a step if the state allows it. */
function perform(choice: TransportChoice, step: Step): void {
  switch (step) {
    case "network changed":
      return choice.networkChanged();
    case "opened":
      return choice.opened();
    case "fell silent":
      return void (choice.state.kind === "open" && choice.fellSilent());
    case "better": {
      const [best] = choice.better();
      return best === undefined ? undefined : choice.prefer(best);
    }
    case "busy until later":
      return void choice.failed("busy", true);
    case "held":
    case "busy":
    case "foreign":
    case "network":
      return void choice.failed(step);
    default:
      return step satisfies never;
  }
}

/** What is true of the choices: the different results of `read`. */
function resultsOf<Result>(read: (choice: TransportChoice) => Result): readonly Result[] {
  const results = new Map<string, Result>();
  for (const choice of everyChoice()) {
    const result = read(choice);
    results.set(JSON.stringify(result), result);
  }
  return [...results.values()];
}

describe("after every order of four failures, streams and changes of the network", () => {
  it("a round tries each transport once, and then ends", () => {
    const rounds = resultsOf((choice) => {
      while (choice.state.kind === "trying") choice.failed("held");
      const tried = [choice.next()];
      while (choice.failed("held")) tried.push(choice.next());
      return [tried.toSorted((a, b) => a - b), choice.state.kind];
    });
    expect(rounds).toEqual([[transports, "waiting"]]);
  });

  it.each(troubles)(
    "a transport that works is found within 12 attempts, though the others are %s",
    (trouble) => {
      const attempts = transports.flatMap((working) =>
        resultsOf((choice) => attemptsUntil(choice, { working, trouble })),
      );
      expect(Math.max(...attempts)).toBeLessThanOrEqual(12);
    },
  );

  it("a deploy of nine failed attempts keeps the transport of the last stream", () => {
    const kept = resultsOf((choice) => {
      const transport = choice.next();
      choice.opened();
      const failures = Array.from(
        { length: 9 },
        (_, n) => choice.next() !== transport || choice.failed("busy", n > 4),
      );
      return [...new Set(failures), choice.next() === transport];
    });
    expect(kept).toEqual([[false, true]]);
  });

  it("the better transports than that of a stream are tested, and the one that works is next", () => {
    const wrong = resultsOf((choice) => {
      const transport = choice.next();
      choice.opened();
      const better = choice.better();
      const [best = transport] = better;
      choice.prefer(best);
      return [better.length - transport, choice.next() - best];
    });
    expect(wrong).toEqual([[0, 0]]);
  });
});

/** The number of attempts until the one transport that works is tried. */
function attemptsUntil(
  choice: TransportChoice,
  { working, trouble }: { readonly working: number; readonly trouble: Trouble },
): number {
  let attempts = 1;
  for (; choice.next() !== working && attempts < 1000; attempts += 1) choice.failed(trouble);
  return attempts;
}
