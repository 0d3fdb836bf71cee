import { EventEmitter } from "node:events";

import { describe, expect, it } from "vitest";

import { listenForSignals } from "../../../src/cli/terminal/signals.js";

/** A process whose signals the test sends. */
class Process extends EventEmitter {
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }
}

function started(options: { readonly hasTerminal: boolean }) {
  const source = new Process();
  const signals = listenForSignals(source, options);
  const seen = { reloads: 0 };
  signals.onReload(() => void (seen.reloads += 1));
  return { source, signals, seen };
}

describe("the signals of a command", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("%s ends in order, and a second one at once", (signal) => {
    const { source, signals } = started({ hasTerminal: false });
    source.emit(signal);
    expect(signals.interrupted.reason).toBe(signal);
    expect(source.exits).toEqual([]);
    source.emit(signal);
    expect(source.exits).toEqual([1]);
  });

  it("a signal ends at once after another program has asked for the end", () => {
    const { source, signals } = started({ hasTerminal: false });
    signals.interrupt("control endpoint");
    expect(signals.interrupted.reason).toBe("control endpoint");
    expect(source.exits).toEqual([]);
    source.emit("SIGTERM");
    expect(source.exits).toEqual([1]);
  });

  // A closed terminal killed the hub at once: clients got no end of their streams.
  it("SIGHUP on a terminal ends in order, even if it comes twice", () => {
    const { source, signals, seen } = started({ hasTerminal: true });
    source.emit("SIGHUP");
    source.emit("SIGHUP");
    expect(signals.interrupted.reason).toBe("SIGHUP");
    expect({ exits: source.exits, reloads: seen.reloads }).toEqual({ exits: [], reloads: 0 });
  });

  it("SIGHUP without a terminal only asks for the keys", () => {
    const { source, signals, seen } = started({ hasTerminal: false });
    source.emit("SIGHUP");
    expect({ ended: signals.interrupted.aborted, reloads: seen.reloads }).toEqual({
      ended: false,
      reloads: 1,
    });
  });

  it.each([true, false])("SIGUSR1 and SIGUSR2 do nothing (terminal: %s)", (hasTerminal) => {
    const { source, signals, seen } = started({ hasTerminal });
    // A listener exists, so that Node opens no inspector and does not end.
    expect([source.emit("SIGUSR1"), source.emit("SIGUSR2")]).toEqual([true, true]);
    expect({ ended: signals.interrupted.aborted, reloads: seen.reloads }).toEqual({
      ended: false,
      reloads: 0,
    });
  });
});
