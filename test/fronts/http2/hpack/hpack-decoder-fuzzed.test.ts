import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";
import { Random } from "../../../support/random.js";
import { decodeAll, dynamicTableOf, faultOf } from "./fields.js";
import { RandomSender } from "./random-blocks.js";

const seed = 20_261_201;
const mutatedBlocks = 80_000;
const noiseBlocks = 20_000;

describe("a connection of random blocks", () => {
  it.each([0, 100, 1000, 4096, 20_000])(`with a table of at most %i bytes (seed ${seed})`, (tableBytes) => {
    const sender = new RandomSender(new Random(seed + tableBytes), tableBytes);
    const decoder = new HpackDecoder({ tableBytes });
    for (let count = 0; count < 1000; count += 1) {
      const { block, fields } = sender.next();
      expect(decodeAll(decoder, block)).toEqual(fields);
    }
    expect(dynamicTableOf(decoder)).toEqual(sender.table);
  });
});

/** Changes, adds, removes or repeats a few bytes. */
function mutate(block: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(block);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const at = random.below(bytes.length + 1);
    const end = at + random.below(4);
    const noise = Buffer.from([random.below(256)]);
    const middle = random.pick([
      // A changed bit, a new byte, removed bytes, repeated bytes, the start of a long integer.
      () => Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]),
      () => noise,
      () => Buffer.alloc(0),
      () => Buffer.concat([bytes.subarray(at, end), bytes.subarray(at, end)]),
      () => Buffer.concat([Buffer.from([0xff]), noise]),
    ])();
    bytes = Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(end)]);
  }
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

/** All faults that a block can have, without their numbers. */
const allFaults = [
  "a block has more than N size updates",
  "a size update comes after the first field",
  "a size update to N bytes is above the limit of N",
  "a string is longer than its block",
  "a string is not valid Huffman code",
  "an integer has more than N continuation bytes",
  "an integer is above N",
  "no field has the index N",
  "the block ends inside a field",
];

function withoutNumbers(fault: string): string {
  return fault.replaceAll(/[0-9]+/g, "N");
}

describe("a connection of malformed blocks", () => {
  it(`has only the known faults, if ${mutatedBlocks} valid blocks are changed (seed ${seed})`, () => {
    const random = new Random(seed);
    const connections = Array.from({ length: 300 }, () => {
      const sender = new RandomSender(random, 4096);
      return Array.from({ length: 10 }, () => sender.next().block);
    });
    const faults = new Set<string>();
    let changedBlocks = 0;
    let validBlocks = 0;
    while (changedBlocks < mutatedBlocks) {
      const blocks = connections[random.below(connections.length)] ?? [];
      // The first blocks fill the table, unchanged.
      const unchanged = random.below(blocks.length);
      const decoder = new HpackDecoder();
      for (const block of blocks.slice(0, unchanged)) decodeAll(decoder, block);
      for (const block of blocks.slice(unchanged)) {
        const fault = faultOf(decoder, mutate(block, random));
        changedBlocks += 1;
        if (fault !== undefined) {
          faults.add(withoutNumbers(fault));
          break;
        }
        validBlocks += 1;
      }
    }
    expect([...faults].sort()).toEqual(allFaults);
    expect(validBlocks).toBeGreaterThan(1000);
  });

  it(`has only the known faults in ${noiseBlocks} blocks of random bytes (seed ${seed})`, () => {
    const random = new Random(seed);
    const faults = new Set<string>();
    for (let count = 0; count < noiseBlocks; count += 1) {
      const block = Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
      const fault = faultOf(new HpackDecoder(), block);
      if (fault !== undefined) faults.add(withoutNumbers(fault));
    }
    expect(allFaults).toEqual(expect.arrayContaining([...faults]));
    expect(faults.size).toBeGreaterThan(5);
  });
});
