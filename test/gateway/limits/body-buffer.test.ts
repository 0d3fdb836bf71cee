import { array, assert, constant, integer, oneof, property } from "fast-check";
import { expect, test } from "vitest";
import { Lifetime } from "../../../src/base/lifetime.js";
import { BodyBudget } from "../../../src/gateway/limits/body-budget.js";
import { BodyBuffer } from "../../../src/gateway/limits/body-buffer.js";
import { usedBytes } from "../../support/used-bytes.js";
import { gatewayRequest } from "../request.js";

const KiB = 1024;

interface World {
  readonly budget: BodyBudget;
  readonly buffer: BodyBuffer;
  readonly lifetime: Lifetime;
}

function createBuffer(
  options: { requestBytes?: number; mostBytes?: number; freeBytes?: number } = {},
): World {
  const { requestBytes = 1024 * KiB, mostBytes = 300 * KiB, freeBytes = 0 } = options;
  const budget = new BodyBudget({ requestBytes });
  const lifetime = new Lifetime();
  const reservation = budget.reservationFor(gatewayRequest({}), lifetime);
  return { budget, lifetime, buffer: new BodyBuffer({ reservation, mostBytes, freeBytes }) };
}

// Bug: a body of 1,000,000 chunks of one byte used 70 to 90 bytes of memory for each of its bytes.
test("in pieces of any size, a body uses at most twice its bytes plus 1 KiB, all of it reserved", () => {
  const piece = oneof(constant(1), integer({ min: 0, max: 40 }), integer({ min: 0, max: 70 * KiB }));
  const pieces = array(piece, { maxLength: 60 });
  assert(
    property(pieces, (sizes) => {
      const { budget, buffer } = createBuffer({ mostBytes: 100 * KiB, requestBytes: 100 * KiB });
      let sent = Buffer.alloc(0);
      for (const [index, size] of sizes.entries()) {
        const bytes = Buffer.alloc(size, index + 1);
        if (sent.length + size > 100 * KiB) break;
        buffer.append(bytes);
        sent = Buffer.concat([sent, bytes]);
        expect(buffer.heldBytes).toBeLessThanOrEqual(2 * sent.length + KiB);
        expect(budget.held).toBe(buffer.heldBytes);
      }
      expect(buffer.length).toBe(sent.length);
      expect(buffer.join().equals(sent)).toBe(true);
      buffer.release();
      expect(budget.held).toBe(0);
    }),
    { numRuns: 1000, seed: 10 },
  );
});

/** Garbage of the test, and the precision of the measurement. */
const noiseBytes = 256 * KiB;

test("in small pieces, a body of 1 MiB uses at most three times its bytes of the process's memory", () => {
  assert(
    property(integer({ min: 1, max: 8 }), (size) => {
      const { buffer } = createBuffer({ mostBytes: 1024 * KiB, requestBytes: 4096 * KiB });
      const received = Buffer.alloc(64 * KiB);
      const before = usedBytes();
      for (let sent = 0; sent + size <= 1024 * KiB; sent += size) {
        const at = sent % (received.length - size);
        buffer.append(received.subarray(at, at + size));
      }
      expect(usedBytes() - before).toBeLessThanOrEqual(3 * buffer.length + noiseBytes);
      expect(buffer.join().length).toBeGreaterThan(1024 * KiB - size);
    }),
    { numRuns: 10, seed: 10 },
  );
});

test("a body keeps its reservation after the join, until the release", () => {
  const { budget, buffer } = createBuffer();
  buffer.append(Buffer.alloc(5000));
  buffer.join();
  expect(budget.held).toBeGreaterThanOrEqual(5000);
  buffer.release();
  expect(budget.held).toBe(0);
});

test("a body of more bytes than allowed is refused", () => {
  const { buffer } = createBuffer({ mostBytes: 10 });
  buffer.append(Buffer.alloc(6));
  buffer.append(Buffer.alloc(4));
  expect(() => buffer.append(Buffer.alloc(1))).toThrow(expect.objectContaining({ code: "too-large" }));
});

test("small bodies may use the free bytes without a reservation", () => {
  const { budget, buffer } = createBuffer({ freeBytes: 4 * KiB });
  buffer.append(Buffer.alloc(4 * KiB));
  expect(budget.held).toBe(0);
  buffer.append(Buffer.alloc(1));
  expect(budget.held).toBe(4 * KiB);
});

test("a piece for which there is no memory changes nothing", () => {
  const { budget, buffer } = createBuffer({ requestBytes: 8 * KiB });
  buffer.append(Buffer.alloc(6 * KiB, "a"));
  expect(() => buffer.append(Buffer.alloc(3 * KiB))).toThrow(
    expect.objectContaining({ code: "too-many-bodies" }),
  );
  expect([buffer.length, budget.held]).toEqual([6 * KiB, 6 * KiB]);
  expect(buffer.join().toString()).toBe("a".repeat(6 * KiB));
});

test("the end of the lifetime releases a body that nobody has read", () => {
  const { budget, buffer, lifetime } = createBuffer();
  buffer.append(Buffer.alloc(100));
  lifetime.end();
  expect(budget.held).toBe(0);
});
