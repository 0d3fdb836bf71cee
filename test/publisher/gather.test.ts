import { expect, test } from "vitest";
import { gather } from "../../src/publisher/gather.js";

const limits = { count: 3, bytes: 10, sizeOf: (text: string) => text.length };

async function batches(source: AsyncIterable<string> | Iterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of gather(source, limits)) {
    all.push(batch.join(" "));
    // The consumer is busy for one turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return all;
}

test("items that arrive while the consumer is busy become one batch, up to the limit", async () => {
  const given = Array.from({ length: 10 }, (_, n) => String(n));
  const got = await batches(given);
  expect(got.join(" ").split(" ")).toEqual(given);
  expect(got.length).toBeLessThanOrEqual(6);
  for (const batch of got) expect(batch.split(" ").length).toBeLessThanOrEqual(3);
});

test("a batch stays within the limit of bytes, unless a single item exceeds it", async () => {
  const got = await batches(["a", "123456", "12345", "x".repeat(50), "b", "c"]);
  expect(got).toEqual(["a", "123456", "12345", "x".repeat(50), "b c"]);
});

test("an empty source has no batch", async () => {
  expect(await batches([])).toEqual([]);
});

test("an error comes after what was read before it", async () => {
  function* source() {
    yield "1";
    yield "2";
    throw new Error("broken");
  }
  const got: string[] = [];
  const reading = (async () => {
    for await (const batch of gather(source(), limits)) got.push(...batch);
  })();
  await expect(reading).rejects.toThrow("broken");
  expect(got).toEqual(["1", "2"]);
});

test("a consumer that leaves ends the reading", async () => {
  let ended = false;
  function* source() {
    try {
      for (let n = 0; ; n += 1) yield String(n);
    } finally {
      ended = true;
    }
  }
  for await (const batch of gather(source(), limits)) if (batch.length > 0) break;
  await expect.poll(() => ended).toBe(true);
});
