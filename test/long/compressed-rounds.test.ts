import { expect, test } from "vitest";
import { gzipCoding } from "../../src/gateway/formats/gzip.js";
import { encodeEvent } from "../../src/sse/encode.js";
import { grouped, median, printFigures } from "../support/load/figures.js";

const members = 1000;
const turns = 5;
const runsPerTurn = 200;

test("a round of ten publications is compressed for many clients, and a single one is stored", () => {
  const sizes = [1, 10, 50, 300, 1200];
  const rounds = sizes.map((count) => measure(count));
  printFigures(
    `rounds of JSON publications of about 200 bytes to ${grouped(members)} clients, gzip`,
    rounds.map(
      ({ count, plainBytes, codedBytes, microseconds }) =>
        `${count} publications: ${grouped(plainBytes)} bytes, ${grouped(codedBytes)} coded, ` +
        `${(plainBytes / codedBytes).toFixed(1)} times smaller, ${microseconds.toFixed(0)} µs a round; ` +
        `on the wire ${grouped(codedBytes * members)} bytes instead of ${grouped(plainBytes * members)}`,
    ),
  );
  const [one, ten] = rounds;
  expect(one?.codedBytes, "one publication is stored").toBe((one?.plainBytes ?? 0) + 10);
  expect((ten?.codedBytes ?? 0) * 2).toBeLessThan(ten?.plainBytes ?? 0);
});

function measure(count: number) {
  const body = Buffer.concat(Array.from({ length: count }, (_, index) => event(index)));
  let coded: Buffer = body;
  const times = Array.from({ length: turns }, () => {
    const started = performance.now();
    for (let run = 0; run < runsPerTurn; run += 1) coded = gzipCoding.encode(body, members);
    return ((performance.now() - started) * 1000) / runsPerTurn;
  });
  return { count, plainBytes: body.length, codedBytes: coded.length, microseconds: median(times) };
}

/** A trade with repeating names and varying digits. The trades are the same in each run. */
function event(index: number): Buffer {
  const digits = (salt: number): number => (Math.imul(index * 7 + salt, 2_654_435_761) >>> 8) % 100_000;
  const symbol = ["AAPL", "MSFT", "GOOG", "AMZN", "TSLA", "NVDA"][digits(1) % 6];
  const [price, bid, ask] = [digits(2) / 100, digits(3) / 100, digits(4) / 100];
  const time = new Date(1_700_000_000_000 + index * 37).toISOString();
  const trade = {
    kind: "trade",
    symbol,
    price,
    bid,
    ask,
    volume: digits(5),
    time,
    venue: "XNAS",
    trader: digits(6),
  };
  const data = JSON.stringify({ ...trade, currency: "USD", settlement: "T+1", flags: [] });
  return encodeEvent({ id: `#kq3v9x2m:${1000 + index}`, data });
}
