import * as fc from "fast-check";
import { expect, it } from "vitest";
import { SilentPeers } from "../../../../src/fronts/http/vanished/silent-peers.js";

const afterMs = 60_000;
const everyMs = 10_000;

/**
 * What a peer does between two readings. `sent` are new bytes of the hub. Acknowledgements are rare, so that most peers
 * are silent for the whole time once.
 */
const turn = fc.record({
  sent: fc.constantFrom(0, 0, 1, 2),
  acknowledges: fc.nat({ max: 9 }).map((number) => number === 0),
});

it("a peer is gone exactly if it acknowledged nothing in all readings of the time", () => {
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 40 }), (turns) => {
      const peers = new SilentPeers({ stallMs: afterMs });
      const wrong: number[] = [];
      let bytes = 0;
      let attempts = 0;
      let silentSince: number | undefined;
      let isUnseen = false;
      for (const [index, { sent, acknowledges }] of turns.entries()) {
        const nowMs = index * everyMs;
        // An acknowledgement empties the queue, and ends the attempts.
        if (acknowledges) [bytes, attempts, silentSince] = [0, 0, undefined];
        bytes += sent;
        if (bytes > 0) attempts += 1;
        if (bytes > 0) silentSince ??= nowMs;
        const rows = bytes > 0 ? [{ key: "a", bytes, attempts }] : [];
        const isGone = peers.update(rows, nowMs).has("a");
        // An acknowledgement between two readings can remain unseen, but only if bytes wait again at the reading.
        isUnseen = bytes > 0 && (isUnseen || acknowledges);
        const mustBeGone = silentSince !== undefined && nowMs - silentSince >= afterMs;
        if (isGone !== mustBeGone && (mustBeGone || !isUnseen)) wrong.push(index);
      }
      expect(wrong).toEqual([]);
    }),
    { seed: 20_110_402, numRuns: 1000 },
  );
});

it("a peer that acknowledges some bytes, or answers an attempt, is not gone", () => {
  const peers = new SilentPeers({ stallMs: afterMs });
  for (let check = 0; check < 20; check += 1) {
    const rows = [
      { key: "fewer bytes", bytes: 1000 - check, attempts: 3 },
      { key: "fewer attempts", bytes: 1000 + check, attempts: 1 + (check % 2) },
      { key: "no attempt", bytes: 1000 + check, attempts: 0 },
      { key: "silent", bytes: 1000 + check, attempts: 1 + check },
    ];
    expect([...peers.update(rows, check * everyMs)]).toEqual(check >= 6 ? ["silent"] : []);
  }
});
